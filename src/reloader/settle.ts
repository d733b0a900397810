/** When changes were seen that are not acted on yet, in milliseconds of the monotonic clock. */
export interface Change {
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface SettleLimits {
  /** How long the directory must be quiet. */
  readonly quietMs: number;
  /** How long the first change may wait at most. */
  readonly maxWaitMs: number;
}

/** Adds a change seen at `nowMs`. */
export const noteChange = (change: Change | null, nowMs: number): Change => ({
  firstMs: change?.firstMs ?? nowMs,
  lastMs: nowMs,
});

/**
 * When the changes may be acted on, in milliseconds of the monotonic clock.
 *
 * @param isWhole every changed file says of itself that it is whole: nothing to wait for
 */
export const settledAt = (change: Change, isWhole: boolean, limits: SettleLimits): number =>
  isWhole ? change.lastMs : Math.min(change.lastMs + limits.quietMs, change.firstMs + limits.maxWaitMs);
