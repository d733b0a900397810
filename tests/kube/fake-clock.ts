import type { Clock } from "../../src/kube/clock.ts";

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Delays of the timers that are set, shortest first. */
  pending(): readonly number[];
  /** Moves on; timers that become due run in order. */
  advance(ms: number): void;
}

export const createFakeClock = (): FakeClock => {
  let nowMs = 1_000;
  const timers = new Map<symbol, { readonly dueMs: number; readonly run: () => void }>();
  const sorted = () => [...timers].sort(([, a], [, b]) => a.dueMs - b.dueMs);
  return {
    nowMs: () => nowMs,
    after: (delayMs, run) => {
      const id = Symbol("timer");
      timers.set(id, { dueMs: nowMs + delayMs, run });
      return () => timers.delete(id);
    },
    pending: () => sorted().map(([, { dueMs }]) => dueMs - nowMs),
    advance: (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = sorted();
        if (next === undefined || next[1].dueMs > endMs) break;
        const [id, { dueMs, run }] = next;
        timers.delete(id);
        nowMs = dueMs;
        run();
      }
      nowMs = endMs;
    },
  };
};
