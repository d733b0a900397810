import { type Change, type SettleLimits, settledAt } from "./settle.ts";
import { type TokenBucket, tokenAt } from "./token-bucket.ts";

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
  readonly wanted: { readonly revision: string; readonly isWhole: boolean } | null;
  /** The verified revision that nginx serves; null when it serves none. */
  readonly live: string | null;
  /** The last attempt, when it was not applied. */
  readonly failure: Failure | null;
  /** When nginx is to be started from live.conf: it is down, and there is a release to start from. Else null. */
  readonly startAtMs: number | null;
  /** No attempt before this: old workers must end first, for memory's sake. */
  readonly heldUntilMs: number;
  readonly bucket: TokenBucket;
}

export interface Failure {
  readonly revision: string;
  /** How often this revision was tried, from 1. */
  readonly attempts: number;
  readonly retryAtMs: number;
}

export interface PlanLimits extends SettleLimits {
  readonly compareIntervalMs: number;
}

/**
 * What the loop does next.
 * - `start`: start nginx from live.conf
 * - `look`: read the configuration directory
 * - `attempt`: test, promote and verify the wanted revision
 * - `sleep`: nothing until then, or until something happens
 */
export type Step =
  | { readonly kind: "start" }
  | { readonly kind: "look" }
  | { readonly kind: "attempt" }
  | { readonly kind: "sleep"; readonly untilMs: number };

/** Reading takes a fifth of the time at most, however fast files change. */
const nextLookMs = (model: Model): number => model.lookedAtMs + 4 * model.lookTookMs;

const attemptAt = (model: Model, nowMs: number, limits: PlanLimits): number => {
  const { wanted, change, failure } = model;
  if (wanted === null || wanted.revision === model.live) return Number.POSITIVE_INFINITY;
  const settled = change === null ? nowMs : settledAt(change, wanted.isWhole, limits);
  const retry = failure?.revision === wanted.revision ? failure.retryAtMs : nowMs;
  return Math.max(settled, retry, model.heldUntilMs, tokenAt(model.bucket, nowMs));
};

/** Decides the next step from the whole state, never from what happened last. */
export const nextStep = (model: Model, nowMs: number, limits: PlanLimits): Step => {
  const startAt = model.startAtMs ?? Number.POSITIVE_INFINITY;
  if (startAt <= nowMs) return { kind: "start" };
  // Without a token nothing can follow from a look, and what is read later is newer.
  const dirtyLookAt = model.isDirty
    ? Math.max(nextLookMs(model), tokenAt(model.bucket, nowMs))
    : Number.POSITIVE_INFINITY;
  const lookAt = Math.min(dirtyLookAt, model.lookedAtMs + limits.compareIntervalMs);
  if (lookAt <= nowMs) return { kind: "look" };
  // An attempt takes up what was read last: with a change unread it waits for that look.
  const attempt = model.isDirty ? Number.POSITIVE_INFINITY : attemptAt(model, nowMs, limits);
  if (attempt <= nowMs) return { kind: "attempt" };
  return { kind: "sleep", untilMs: Math.min(startAt, lookAt, attempt) };
};
