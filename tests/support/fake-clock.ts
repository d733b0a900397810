/** Monotonic time that passes when a test says so. */
export interface FakeClock {
  nowMs(): number;
  after(delayMs: number, run: () => void): () => void;
  /** Lets time pass, and runs what falls due, in order of its time. */
  advance(ms: number): void;
}

export const createFakeClock = (): FakeClock => {
  let nowMs = 0;
  let order = 0;
  const timers = new Set<{ readonly dueMs: number; readonly order: number; readonly run: () => void }>();
  const nextDue = (untilMs: number) =>
    [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  return {
    nowMs: () => nowMs,
    after: (delayMs, run) => {
      order += 1;
      const timer = { dueMs: nowMs + delayMs, order, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        nowMs = timer.dueMs;
        timer.run();
      }
      nowMs = untilMs;
    },
  };
};
