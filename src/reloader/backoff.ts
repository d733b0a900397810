const maxMs = 300_000;

/**
 * What a failed attempt did to traffic.
 * - `nothing`: what was live went on
 * - `outage`: it ended nginx, and with it every connection. Perhaps by chance, so there is a second try before long, but
 *   hardly a third.
 */
export type AttemptCost = "nothing" | "outage";

const growth: Readonly<Record<AttemptCost, { readonly firstMs: number; readonly factor: number }>> = {
  nothing: { firstMs: 5_000, factor: 2 },
  outage: { firstMs: 15_000, factor: 4 },
};

/**
 * How long a revision that was not applied waits for its next try: 5 s, doubling to 5 minutes; 15 s, a minute, 4 and 5
 * minutes where it ended nginx.
 *
 * @param attempts how often it was tried, from 1
 */
export const retryDelayMs = (attempts: number, cost: AttemptCost): number => {
  const { firstMs, factor } = growth[cost];
  return Math.min(maxMs, firstMs * factor ** Math.min(attempts - 1, 10));
};

const deathWindowMs = 60_000;
const deathLimit = 3;

/** The deaths of nginx in the last 60 s, this one included. */
export const recordDeath = (deathsMs: readonly number[], nowMs: number): readonly number[] => [
  ...deathsMs.filter((atMs) => nowMs - atMs < deathWindowMs),
  nowMs,
];

/** Whether nginx died so often that another start is no help: 3 times in 60 s. */
export const isHopeless = (deathsMs: readonly number[]): boolean => deathsMs.length >= deathLimit;
