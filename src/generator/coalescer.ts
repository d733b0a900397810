/** Monotonic time and timers, as a test may drive them. */
export interface CoalescerClock {
  nowMs(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

export interface CoalescerOptions {
  readonly quietMs: number;
  readonly maxWaitMs: number;
  readonly clock: CoalescerClock;
  /** Does the work for all changes so far. */
  readonly run: () => void;
}

/**
 * Decides when a change is worked on: the first after a quiet time at once, so that a lone change pays no waiting,
 * and what follows closely together, after `quietMs` without another, at most `maxWaitMs` after the first of them.
 */
export interface Coalescer {
  /** Says that something has changed. */
  change(): void;
  /** Forgets a change that waits. */
  cancel(): void;
}

export const createCoalescer = ({ quietMs, maxWaitMs, clock, run }: CoalescerOptions): Coalescer => {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let firstWaitingAtMs: number | null = null;
  let cancelTimer: (() => void) | null = null;

  const fire = (): void => {
    cancelTimer = null;
    firstWaitingAtMs = null;
    lastAtMs = Math.max(lastAtMs, clock.nowMs());
    run();
  };
  return {
    change: () => {
      const nowMs = clock.nowMs();
      const isLone = firstWaitingAtMs === null && nowMs - lastAtMs >= quietMs;
      lastAtMs = nowMs;
      firstWaitingAtMs ??= nowMs;
      const dueMs = Math.min(nowMs + quietMs, firstWaitingAtMs + maxWaitMs);
      cancelTimer?.();
      // Even a lone change waits for the turn to end: what arrived in the same packet goes along.
      cancelTimer = clock.after(isLone ? 0 : Math.max(0, dueMs - nowMs), fire);
    },
    cancel: () => {
      cancelTimer?.();
      cancelTimer = null;
      firstWaitingAtMs = null;
    },
  };
};
