/** Bounds how much happens in any one second. Times are monotonic milliseconds. */
export interface Rate {
  /** How long to wait before the next one; 0: not at all. */
  waitMs(nowMs: number): number;
  /** Counts one; call it when `waitMs` says 0. */
  take(nowMs: number): void;
}

const secondMs = 1000;

/**
 * A bucket of `perSecond` tokens, each of which comes back one second after it was taken: unlike with a steady refill, no
 * second sees more than `perSecond`, also not the one after a rest.
 */
export const createRate = (perSecond: number): Rate => {
  let taken: readonly number[] = [];
  return {
    waitMs: (nowMs) => {
      const oldest = taken.length < perSecond ? undefined : taken[0];
      return oldest === undefined ? 0 : Math.max(0, oldest + secondMs - nowMs);
    },
    take: (nowMs) => {
      taken = [...taken, nowMs].slice(-perSecond);
    },
  };
};
