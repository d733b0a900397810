import { type Change, noteChange } from "./settle.ts";
import { createBucket, type TokenBucket, takeToken } from "./token-bucket.ts";

/** All that the next step depends on. Times are milliseconds of the monotonic clock. */
export interface Model {
  /** Changes seen that no attempt has taken up yet. */
  readonly change: Change | null;
  /** There was a change since the directory was last read. */
  readonly isDirty: boolean;
  readonly lookedAtMs: number;
  /** How long the last reading took. */
  readonly lookTookMs: number;
  /** What the directory held; null when it could not be read. */
  readonly wanted: Wanted | null;
  /** The verified revision that nginx serves; null when it serves none. */
  readonly live: string | null;
  /** The last attempt, when it was not applied. */
  readonly failure: Failure | null;
  /** When nginx is to be started: it is down, and there is a verified release to start from. Else null. */
  readonly startAtMs: number | null;
  /** No attempt before this: old workers must end first, for memory's sake. */
  readonly heldUntilMs: number;
  readonly bucket: TokenBucket;
}

export interface Wanted {
  readonly revision: string;
  /** Every changed file says of itself that it is whole. */
  readonly isWhole: boolean;
}

export interface Failure {
  readonly revision: string;
  readonly result: "rejected" | "unverified" | "failed";
  /** How often this revision was tried, from 1. */
  readonly attempts: number;
  readonly retryAtMs: number;
}

/** What the loop begins with: nothing is known, and the directory has to be read. */
export const createModel = (burst: number, intervalMs: number, nowMs: number): Model => ({
  change: null,
  isDirty: true,
  lookedAtMs: Number.NEGATIVE_INFINITY,
  lookTookMs: 0,
  wanted: null,
  live: null,
  failure: null,
  startAtMs: null,
  heldUntilMs: 0,
  bucket: createBucket(burst, intervalMs, nowMs),
});

/** Reading takes a fifth of the time at most, however fast files change. */
export const nextLookMs = (model: Model): number => model.lookedAtMs + 4 * model.lookTookMs;

/** The watch told of a change. */
export const changed = (model: Model, nowMs: number): Model => ({
  ...model,
  isDirty: true,
  change: noteChange(model.change, nowMs),
});

/** The directory is about to be read: what changes from here on is seen next time. */
export const lookBegun = (model: Model): Model => ({ ...model, isDirty: false });

/**
 * The directory was read.
 *
 * @param wanted null: it could not be
 * @param isNew it holds another revision than when it was read before
 */
export const looked = (model: Model, wanted: Wanted | null, isNew: boolean, startMs: number, nowMs: number): Model => {
  const times = { lookedAtMs: nowMs, lookTookMs: nowMs - startMs };
  if (wanted === null) return { ...model, ...times, wanted, change: null };
  if (wanted.revision === model.live) return { ...model, ...times, wanted, change: null, failure: null };
  // Found by the comparison, without an event: it still has to settle.
  const change = isNew && model.change === null ? noteChange(null, startMs) : model.change;
  return { ...model, ...times, wanted, change };
};

/** The wanted revision is taken up: that costs a token, however it ends. */
export const attemptBegun = (model: Model, revision: string, nowMs: number): Model => ({
  ...model,
  change: null,
  failure: model.failure?.revision === revision ? model.failure : null,
  bucket: takeToken(model.bucket, nowMs),
});

/** How often a revision has failed in a row. */
export const failedAttempts = (model: Model, revision: string): number =>
  model.failure?.revision === revision ? model.failure.attempts : 0;

/** An attempt was not applied. */
export const attemptFailed = (model: Model, revision: string, result: Failure["result"], retryAtMs: number): Model => ({
  ...model,
  failure: { revision, result, attempts: failedAttempts(model, revision) + 1, retryAtMs },
});

/** nginx serves a verified revision. What the directory holds by now is read anew. */
export const serving = (model: Model, revision: string): Model => ({
  ...model,
  live: revision,
  startAtMs: null,
  failure: model.failure?.revision === revision ? null : model.failure,
  isDirty: true,
});

/** @param startAtMs when to start it; null when there is nothing to start from */
export const down = (model: Model, startAtMs: number | null): Model => ({ ...model, live: null, startAtMs });

/** The next attempt waits for old workers. */
export const held = (model: Model, heldUntilMs: number): Model => ({ ...model, heldUntilMs });
