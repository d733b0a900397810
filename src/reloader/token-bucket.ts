/** A token bucket that is full at first, as a value: what is left, and when that was counted. */
export interface TokenBucket {
  readonly burst: number;
  /** Milliseconds in which one token comes back. */
  readonly intervalMs: number;
  readonly tokens: number;
  /** Milliseconds of the monotonic clock. */
  readonly countedAtMs: number;
}

/** A full bucket. */
export const createBucket = (burst: number, intervalMs: number, nowMs: number): TokenBucket => ({
  burst,
  intervalMs,
  tokens: burst,
  countedAtMs: nowMs,
});

const tokensAt = (bucket: TokenBucket, nowMs: number): number =>
  Math.min(bucket.burst, bucket.tokens + Math.max(0, nowMs - bucket.countedAtMs) / bucket.intervalMs);

/** When the next token can be taken: `nowMs`, or a later millisecond of the same clock. */
export const tokenAt = (bucket: TokenBucket, nowMs: number): number => {
  const missing = 1 - tokensAt(bucket, nowMs);
  return missing <= 0 ? nowMs : nowMs + Math.ceil(missing * bucket.intervalMs);
};

/** Takes one token; call it when `tokenAt` says now. */
export const takeToken = (bucket: TokenBucket, nowMs: number): TokenBucket => ({
  ...bucket,
  tokens: Math.max(0, tokensAt(bucket, nowMs) - 1),
  countedAtMs: nowMs,
});
