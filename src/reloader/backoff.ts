const firstMs = 5_000;
const outageFirstMs = 60_000;
const maxMs = 300_000;

/**
 * What a failed attempt did to traffic.
 * - `nothing`: what was live went on
 * - `outage`: it ended nginx, and with it every connection: that is not tried again soon
 */
export type AttemptCost = "nothing" | "outage";

/**
 * How long a revision that was not applied waits for its next try: 5 s, doubling to 5 minutes; from a minute on when the
 * try ended nginx.
 *
 * @param attempts how often it was tried, from 1
 */
export const retryDelayMs = (attempts: number, cost: AttemptCost): number =>
  Math.min(maxMs, (cost === "outage" ? outageFirstMs : firstMs) * 2 ** Math.min(attempts - 1, 10));

const deathWindowMs = 60_000;
const deathLimit = 3;

/** The deaths of nginx in the last 60 s, this one included. */
export const recordDeath = (deathsMs: readonly number[], nowMs: number): readonly number[] => [
  ...deathsMs.filter((atMs) => nowMs - atMs < deathWindowMs),
  nowMs,
];

/** Whether nginx died so often that another start is no help: 3 times in 60 s. */
export const isHopeless = (deathsMs: readonly number[]): boolean => deathsMs.length >= deathLimit;
