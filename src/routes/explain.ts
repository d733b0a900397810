import type { Problem } from "./problem.ts";
import { findHost, type RouteRequest } from "./request.ts";
import { compareClaims, conflictProblem } from "./resolve.ts";
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

const isSameMatch = (a: Match, b: Match): boolean => describeMatch(a) === describeMatch(b);

/**
 * Parts the routes that claim one match into the one that has it and those that lost.
 *
 * @param claims routes of the same match, in their Services' order
 */
const settle = (claims: readonly [Route, ...Route[]]): Pick<Explanation, "lost"> & { readonly winner: Route } => {
  const [first] = claims;
  const [winner = first, ...losers] = [...claims].sort(compareClaims);
  return { winner, lost: losers.map((route) => ({ route, why: conflictProblem(route, winner).message })) };
};

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
  const ranked = candidates
    .map((route) => ({ route, reach: reach(route.match, request.path) }))
    .sort((a, b) => (b.reach ?? -2) - (a.reach ?? -2));
  const best = ranked[0]?.reach == null ? null : ranked[0].route;
  if (best === null) return { host, winner: null, lost: [], others: candidates };
  const [first = best, ...rest] = candidates.filter(({ match }) => isSameMatch(match, best.match));
  const others = ranked.map(({ route }) => route).filter(({ match }) => !isSameMatch(match, best.match));
  return { host, ...settle([first, ...rest]), others };
};

/** The route that a conflict was lost to, by what was said of it; null where the routes do not tell. */
export const findWinner = (routes: readonly Route[], conflict: Problem): Route | null => {
  const isSaid = (route: Route, rival: Route): boolean =>
    compareClaims(rival, route) <= 0 && conflictProblem(route, rival).message === conflict.message;
  for (const route of routes) {
    if (serviceKey(route.service) !== serviceKey(conflict.service)) continue;
    if (!conflict.message.startsWith(describeMatch(route.match))) continue;
    const winner = routes.find((rival) => isSameMatch(rival.match, route.match) && isSaid(route, rival));
    if (winner !== undefined) return winner;
  }
  return null;
};
