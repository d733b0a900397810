import { defaultBehaviour } from "./behaviour.ts";
import { actionOf, buildLocations } from "./locations.ts";
import { areSame, memoize } from "./memoize.ts";
import type { Problem } from "./problem.ts";
import { describeMatch, type Match, type Route, type Upstream } from "./route.ts";
import { compareText, serviceKey } from "./service.ts";
import type { Action, Location, Site, VirtualServer } from "./site.ts";
import type { Host } from "./values/host.ts";

/** A Site, and the conflicts that were decided on the way. */
export interface Resolved {
  readonly site: Site;
  /** The routes that are served. */
  readonly routes: readonly Route[];
  /** How many routes are in the Site. */
  readonly routeCount: number;
  readonly conflicts: readonly Problem[];
}

/** One that is refused has no claim against one that is not. Then higher priority, then older, then by name. */
export const compareClaims = (a: Route, b: Route): number =>
  Number(a.upstream === null) - Number(b.upstream === null) ||
  b.priority - a.priority ||
  a.createdAtMs - b.createdAtMs ||
  compareText(serviceKey(a.service), serviceKey(b.service));

const matchKey = (match: Match): string => {
  switch (match.kind) {
    case "path":
      return `${match.host ?? ""} ${match.pathType} ${match.path}`;
    case "default-backend":
      return "default-backend";
  }
};

/** Services that are held at what nginx last served, and those that have changed since. By `namespace/name`. */
export interface Holds {
  readonly held: ReadonlySet<string>;
  readonly newcomers: ReadonlySet<string>;
}

/** A Service that is held keeps its routes, but for those that another has come to claim since. */
export const yieldToNewcomers = (routes: readonly Route[], { held, newcomers }: Holds): readonly Route[] => {
  const claimed = new Set<string>();
  for (const { service, match, upstream } of routes) {
    if (upstream !== null && newcomers.has(serviceKey(service))) claimed.add(matchKey(match));
  }
  return routes.filter(({ service, match }) => !(held.has(serviceKey(service)) && claimed.has(matchKey(match))));
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
const collectConflicts = (losses: readonly (readonly [loser: Route, winner: Route])[]): readonly Problem[] => {
  const byService = new Map<string, Problem[]>();
  const leftOut = new Map<string, number>();
  for (const [loser, winner] of losses) {
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

/** A match that more than one Service claims. */
interface Contest {
  readonly key: string;
  readonly claims: readonly Route[];
}

/** Gives each match to one of those who claim it. Most are claimed once, and cost no sorting. */
const settleClaims = (routes: readonly Route[]) => {
  const winners = new Map<string, Route>();
  const contested = new Map<string, Route[]>();
  for (const route of routes) {
    const key = matchKey(route.match);
    const other = winners.get(key);
    if (other === undefined) winners.set(key, route);
    else contested.get(key)?.push(route) ?? contested.set(key, [other, route]);
  }
  // By match, so that what is left out of a Service's conflicts does not depend on the order of arrival.
  const contests: readonly Contest[] = [...contested]
    .map(([key, claims]) => ({ key, claims: claims.sort(compareClaims) }))
    .sort((a, b) => compareText(a.key, b.key));
  const losses: (readonly [loser: Route, winner: Route])[] = [];
  for (const { key, claims } of contests) {
    const [winner, ...losers] = claims;
    if (winner === undefined) continue;
    winners.set(key, winner);
    for (const loser of losers) if (loser.upstream !== null) losses.push([loser, winner]);
  }
  return { won: [...winners.values()], conflicts: collectConflicts(losses) };
};

const actionText = (action: Action): string => {
  if (action.kind !== "proxy") return action.kind;
  const { upstream, behaviour, mount } = action;
  return behaviour === defaultBehaviour ? upstream.name : `${upstream.name} ${mount} ${JSON.stringify(behaviour)}`;
};

/** The locations of a host. */
interface HostLocations {
  readonly routes: readonly Route[];
  readonly fallback: Action;
  readonly locations: readonly Location[];
  /** The locations in one text: hosts with the same text share a server. */
  readonly fingerprint: string;
}

/** What was made of a host's routes last time, by the first of them. */
const knownLocations = new WeakMap<Route, HostLocations>();

const locationsOf = (routes: readonly Route[], fallback: Action): HostLocations => {
  const [first] = routes;
  const known = first === undefined ? undefined : knownLocations.get(first);
  if (known !== undefined && known.fallback === fallback && areSame(known.routes, routes)) return known;
  const locations = buildLocations(routes, fallback);
  const fingerprint = locations.map(({ match, path, action }) => `${match} ${path} ${actionText(action)}`).join("\n");
  const made = { routes, fallback, locations, fingerprint };
  if (first !== undefined) knownLocations.set(first, made);
  return made;
};

const groupServers = (byHost: ReadonlyMap<Host, readonly Route[]>, fallback: Action): readonly VirtualServer[] => {
  const groups = new Map<string, { hosts: Host[]; locations: readonly Location[] }>();
  for (const host of [...byHost.keys()].sort(compareText)) {
    const { locations, fingerprint } = locationsOf(byHost.get(host) ?? [], fallback);
    const group = groups.get(fingerprint);
    if (group === undefined) groups.set(fingerprint, { hosts: [host], locations });
    else group.hosts.push(host);
  }
  return [...groups.values()];
};

const collectUpstreams = (servers: readonly { readonly locations: readonly Location[] }[]): readonly Upstream[] => {
  const byName = new Map<string, Upstream>();
  for (const { locations } of servers) {
    for (const { action } of locations) if (action.kind === "proxy") byName.set(action.upstream.name, action.upstream);
  }
  return [...byName.values()].sort((a, b) => compareText(a.name, b.name));
};

const notFound: Action = { kind: "not-found" };
const fallbackOf = memoize((route: Route): Action => actionOf(route, "/"));

/**
 * Makes of everybody's routes one Site without conflicts. Pure, and the same for any order of the routes:
 * of two that claim the same host, path and path type, the one of higher priority has it, then the older one,
 * then the first by `namespace/name`; the loser keeps its other routes.
 */
export const resolveRoutes = (routes: readonly Route[]): Resolved => {
  const { won, conflicts } = settleClaims(routes);
  const byHost = new Map<Host, Route[]>();
  const anyHost: Route[] = [];
  let fallback: Action = notFound;
  for (const route of won) {
    const { match } = route;
    if (match.kind === "default-backend") fallback = fallbackOf(route);
    else if (match.host === null) anyHost.push(route);
    else {
      const group = byHost.get(match.host);
      if (group === undefined) byHost.set(match.host, [route]);
      else group.push(route);
    }
  }
  const servers = groupServers(byHost, fallback);
  const defaultServer = { locations: buildLocations(anyHost, fallback) };
  const served = won.filter(({ upstream }) => upstream !== null);
  return {
    site: { upstreams: collectUpstreams([...servers, defaultServer]), servers, defaultServer },
    routes: served,
    routeCount: served.length,
    conflicts,
  };
};
