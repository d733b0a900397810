/** A token bucket, as a value: that it is full at a known time says all about it. */
export interface TokenBucket {
  readonly burst: number;
  /** Milliseconds in which one token comes back. */
  readonly intervalMs: number;
  /** When it is, or was, full again, in milliseconds of the monotonic clock. */
  readonly fullAtMs: number;
}

/** A full bucket. */
export const createBucket = (burst: number, intervalMs: number, nowMs: number): TokenBucket => ({
  burst,
  intervalMs,
  fullAtMs: nowMs,
});

/** When the next token can be taken: `nowMs`, or a later millisecond of the same clock. */
export const tokenAt = (bucket: TokenBucket, nowMs: number): number =>
  Math.max(nowMs, bucket.fullAtMs - (bucket.burst - 1) * bucket.intervalMs);

/** Takes one token; call it when `tokenAt` says now. */
export const takeToken = (bucket: TokenBucket, nowMs: number): TokenBucket => ({
  ...bucket,
  fullAtMs: Math.max(bucket.fullAtMs, nowMs) + bucket.intervalMs,
});
