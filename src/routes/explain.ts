import { compareClaims, conflictProblem } from "./claims.ts";
import type { Problem } from "./problem.ts";
import { findHost, type RouteRequest } from "./request.ts";
import { describeMatch, type Match, type Route } from "./route.ts";
import { serviceKey } from "./service.ts";
import type { Host } from "./values/host.ts";

/** A route that claimed what another one has, and why that one has it, in words. */
export interface LostClaim {
  readonly route: Route;
  readonly why: string;
}

/** Who answers a request. */
export interface Explanation {
  /** The host whose routes are looked at; null: those for any host, since no route names the request's. */
  readonly host: Host | null;
  /** Null: nobody, 404. Its match is the default backend's when no path takes the request. */
  readonly winner: Route | null;
  /** Who else claimed the winner's match. */
  readonly lost: readonly LostClaim[];
  /** The routes of that host that hold and do not answer, the ones that nearly did first. */
  readonly others: readonly Route[];
}

interface Settled {
  readonly winner: Route;
  readonly lost: readonly LostClaim[];
}

/** Parts the routes that claim one match, at least one, into the one that has it and those that lost. */
const settle = (claims: readonly Route[]): Settled => {
  const [winner, ...losers] = claims.toSorted(compareClaims);
  if (winner === undefined) throw new RangeError("a match without a claim");
  return { winner, lost: losers.map((route) => ({ route, why: conflictProblem(route, winner).message })) };
};

const outOfReach = Number.NEGATIVE_INFINITY;

/** How many characters of a path a match takes for itself: the more, the better; null: it does not take the path. */
const reach = (match: Match, path: string): number | null => {
  switch (match.kind) {
    case "default-backend":
      return -1;
    case "path":
      if (match.pathType === "Exact") return match.path === path ? Number.POSITIVE_INFINITY : null;
      if (match.path === "/") return 0;
      return path === match.path || path.startsWith(`${match.path}/`) ? match.path.length : null;
  }
};

/**
 * Says who answers a request, and who else wanted to: the meaning of Ingress path types, as `buildLocations` gives it to
 * nginx. An exact host comes before a wildcard; a host that any route names is never answered by routes for any host.
 * Pure, and the same for any order of the routes.
 *
 * @param routes everybody's, conflicts included
 */
export const explainRequest = (routes: readonly Route[], request: RouteRequest): Explanation => {
  const hostOf = ({ match }: Route): Host | null => (match.kind === "path" ? match.host : null);
  const hosts = new Set(routes.map(hostOf).filter((host) => host !== null));
  const host = findHost(hosts, request.host);
  const candidates = routes.filter((route) => route.match.kind === "default-backend" || hostOf(route) === host);
  const ranked = [...Map.groupBy(candidates, ({ match }) => describeMatch(match)).values()]
    .map(settle)
    .map((settled) => ({ ...settled, reach: reach(settled.winner.match, request.path) ?? outOfReach }))
    .sort((a, b) => b.reach - a.reach);
  const [best, ...rest] = ranked;
  const winners = ranked.map(({ winner }) => winner);
  if (best === undefined || best.reach === outOfReach) return { host, winner: null, lost: [], others: winners };
  return { host, winner: best.winner, lost: best.lost, others: rest.map(({ winner }) => winner) };
};

/** Finds the route that a conflict was lost to, by what was said of it; null where the routes do not tell. */
export type WinnerFinder = (conflict: Problem) => Route | null;

/**
 * Sorts the routes once, for many conflicts.
 *
 * @param routes everybody's, conflicts included
 */
export const createWinnerFinder = (routes: readonly Route[]): WinnerFinder => {
  const claims = Map.groupBy(routes, ({ match }) => describeMatch(match));
  const byService = Map.groupBy(routes, ({ service }) => serviceKey(service));
  return (conflict) => {
    for (const route of byService.get(serviceKey(conflict.service)) ?? []) {
      const text = describeMatch(route.match);
      if (!conflict.message.startsWith(text)) continue;
      const [winner] = (claims.get(text) ?? []).toSorted(compareClaims);
      if (winner !== undefined && conflictProblem(route, winner).message === conflict.message) return winner;
    }
    return null;
  };
};
