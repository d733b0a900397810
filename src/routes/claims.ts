import type { Problem } from "./problem.ts";
import { describeMatch, type Match, type Route } from "./route.ts";
import { compareText, serviceKey } from "./service.ts";

/** One that is refused has no claim against one that is not. Then higher priority, then older, then by name. */
export const compareClaims = (a: Route, b: Route): number =>
  Number(a.upstream === null) - Number(b.upstream === null) ||
  b.priority - a.priority ||
  a.createdAtMs - b.createdAtMs ||
  compareText(serviceKey(a.service), serviceKey(b.service));

/** The same text for the same match. */
export const matchKey = (match: Match): string => {
  switch (match.kind) {
    case "path":
      return `${match.host ?? ""} ${match.pathType} ${match.path}`;
    case "default-backend":
      return "default-backend";
  }
};

/** A claim that another has won. */
export interface Loss {
  readonly match: string;
  readonly loser: Route;
  readonly winner: Route;
}

/** What claims come to: who has each match, and who lost one and is to be told. */
export interface Settlement {
  readonly won: readonly Route[];
  readonly losses: readonly Loss[];
}

const noLosses: readonly Loss[] = [];

/** Gives each match to one of those who claim it. Most are claimed once, and cost no sorting. */
export const settleClaims = (claims: readonly Route[]): Settlement => {
  if (claims.length <= 1) return { won: claims, losses: noLosses };
  const byMatch = new Map<string, Route[]>();
  for (const claim of claims) {
    const key = matchKey(claim.match);
    const rivals = byMatch.get(key);
    if (rivals === undefined) byMatch.set(key, [claim]);
    else rivals.push(claim);
  }
  const losses: Loss[] = [];
  const won: Route[] = [];
  for (const [match, rivals] of byMatch) {
    const [winner, ...losers] = rivals.length === 1 ? rivals : rivals.sort(compareClaims);
    if (winner === undefined) continue;
    won.push(winner);
    for (const loser of losers) if (loser.upstream !== null) losses.push({ match, loser, winner });
  }
  return { won, losses };
};

/** What the loser of a match is told. */
export const conflictProblem = (loser: Route, winner: Route): Problem => {
  const why =
    loser.priority !== winner.priority
      ? "has the higher priority"
      : loser.createdAtMs !== winner.createdAtMs
        ? "is older"
        : "comes first by name";
  return {
    service: loser.service,
    reason: "Conflict",
    key: null,
    value: null,
    message: `${describeMatch(loser.match)} belongs to ${serviceKey(winner.service)}, which ${why}`,
  };
};

// A Service may claim a thousand matches, and lose them all.
const maxConflicts = 20;

/** The conflicts of each Service, so many at most, and how many more there are. */
export const collectConflicts = (losses: readonly Loss[]): readonly Problem[] => {
  const byService = new Map<string, Problem[]>();
  const leftOut = new Map<string, number>();
  // By match, so that what is left out of a Service's conflicts does not depend on the order of arrival.
  for (const { loser, winner } of losses.toSorted((a, b) => compareText(a.match, b.match))) {
    const key = serviceKey(loser.service);
    const problems = byService.get(key) ?? [];
    byService.set(key, problems);
    if (problems.length < maxConflicts) problems.push(conflictProblem(loser, winner));
    else leftOut.set(key, (leftOut.get(key) ?? 0) + 1);
  }
  for (const [key, count] of leftOut) {
    const [first] = byService.get(key) ?? [];
    if (first !== undefined) byService.get(key)?.push({ ...first, message: `and ${count} more conflicts` });
  }
  return [...byService.values()].flat();
};
