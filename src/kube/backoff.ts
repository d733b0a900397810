import type { KubeFailure } from "./failure.ts";

/** The pace of retries. */
export interface BackoffLimits {
  readonly baseMs: number;
  /** Cap after an answer: the server is there, and busy or refusing. */
  readonly maxMs: number;
  /** Cap where there was no answer at all: asking costs nobody anything, and its return should be noticed at once. */
  readonly networkMaxMs: number;
}

/** Counts failures in a row and says how long to wait after each. */
export interface Backoff {
  /** Failures since the last success. */
  readonly attempt: number;
  /** Counts a failure; gives the wait before the next try, in milliseconds. */
  next(failure: KubeFailure): number;
  /** After progress: the next failure is the first again. */
  reset(): void;
}

const askedFor = (failure: KubeFailure): number =>
  failure.kind === "tooManyRequests" || failure.kind === "server" ? (failure.retryAfterMs ?? 0) : 0;

/**
 * Exponential backoff with jitter: the n-th wait lies between half and all of `baseMs * 2^(n-1)`, capped; failures with
 * an answer and without one are counted apart. A server's Retry-After is a lower bound, stretched by up to a tenth so that
 * clients that were refused together do not return together.
 *
 * @param random uniform in [0, 1)
 */
export const createBackoff = (limits: BackoffLimits, random: () => number): Backoff => {
  let attempt = 0;
  // A server that comes back and is not well at once must not be given the rest that its long absence would add up to.
  let answered = 0;
  let unanswered = 0;
  return {
    get attempt() {
      return attempt;
    },
    next: (failure) => {
      attempt += 1;
      const isAnswered = failure.kind !== "network";
      if (isAnswered) answered += 1;
      else unanswered += 1;
      const capMs = isAnswered ? limits.maxMs : limits.networkMaxMs;
      const fullMs = Math.min(capMs, limits.baseMs * 2 ** Math.min((isAnswered ? answered : unanswered) - 1, 30));
      const jitteredMs = fullMs * (0.5 + random() / 2);
      return Math.round(Math.max(jitteredMs, askedFor(failure) * (1 + random() / 10)));
    },
    reset: () => {
      attempt = 0;
      answered = 0;
      unanswered = 0;
    },
  };
};
