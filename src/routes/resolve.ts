import { collectConflicts, type Loss, settleClaims } from "./claims.ts";
import { differenceOf } from "./difference.ts";
import { actionOf, buildLocations } from "./locations.ts";
import type { Problem } from "./problem.ts";
import type { Match, Route } from "./route.ts";
import { createServerGroups, type ServerGroup } from "./server-groups.ts";
import type { Action, Location, Site } from "./site.ts";
import { createUpstreamUses } from "./upstream-uses.ts";
import type { Host } from "./values/host.ts";

/** A Site, and the conflicts that were decided on the way. */
export interface Resolved {
  readonly site: Site;
  /** The routes that are served, in no order. */
  readonly routes: readonly Route[];
  /** How many routes are in the Site. */
  readonly routeCount: number;
  readonly conflicts: readonly Problem[];
}

/** Whose claims compete: those of one host, those for any host, those for what nobody takes. */
type Place = Host | "any host" | "default backend";

const placeOf = (match: Match): Place => (match.kind === "path" ? (match.host ?? "any host") : "default backend");

/** The claims to a place, and what came of them; that is nothing while they are being changed. */
interface Claimed {
  readonly place: Place;
  readonly claims: Route[];
  won: readonly Route[];
  losses: readonly Loss[];
  locations: readonly Location[];
  /** Whose server the host shares; null where the place is no host's. */
  group: ServerGroup | null;
  isTouched: boolean;
}

const none: readonly never[] = [];
const notFound: Action = { kind: "not-found" };

/** All claims, by place, and the Site that comes of them. */
const createIndex = () => {
  const places = new Map<Place, Claimed>();
  const served = new Set<Route>();
  const contested = new Set<Claimed>();
  let groups = createServerGroups();
  let uses = createUpstreamUses();
  let fallback: Action = notFound;
  let conflicts: readonly Problem[] = [];
  let chunks: readonly (readonly Route[])[] = [];

  const placed = (place: Place): Claimed => {
    const known = places.get(place);
    if (known !== undefined) return known;
    const begun: Claimed = {
      place,
      claims: [],
      won: none,
      losses: none,
      locations: none,
      group: null,
      isTouched: false,
    };
    places.set(place, begun);
    return begun;
  };

  const mount = (claimed: Claimed): void => {
    const { place, won } = claimed;
    if (place === "default backend") return;
    claimed.locations = buildLocations(won, fallback);
    uses.add(claimed.locations);
    if (place !== "any host") claimed.group = groups.add(place, claimed.locations);
  };

  /** Takes back what came of the claims, before they change. */
  const reopen = (claimed: Claimed): void => {
    const { place, group, locations, won } = claimed;
    uses.remove(locations);
    if (group !== null && place !== "any host" && place !== "default backend") groups.remove(place, group);
    for (const route of won) served.delete(route);
    claimed.won = none;
    claimed.losses = none;
    claimed.locations = none;
    claimed.group = null;
  };
  const settle = (claimed: Claimed): void => {
    claimed.isTouched = false;
    const { place, claims } = claimed;
    if (claims.length === 0 && place !== "any host") {
      places.delete(place);
      return;
    }
    const { won, losses } = settleClaims(claims);
    claimed.won = won;
    claimed.losses = losses;
    for (const route of won) if (route.upstream !== null) served.add(route);
    mount(claimed);
  };

  /** Changes the claims to the places that a change touches, and gives these places. */
  const change = (next: readonly (readonly Route[])[]): readonly Claimed[] => {
    const touched: Claimed[] = [];
    const touch = ({ match }: Route): Claimed => {
      const claimed = placed(placeOf(match));
      if (claimed.isTouched) return claimed;
      reopen(claimed);
      claimed.isTouched = true;
      touched.push(claimed);
      return claimed;
    };
    const { gone, come } = differenceOf(chunks, next);
    for (const route of gone) {
      const { claims } = touch(route);
      claims.splice(claims.indexOf(route), 1);
    }
    for (const route of come) touch(route).claims.push(route);
    chunks = next;
    return touched;
  };

  const settleFallback = (): void => {
    const claimed = places.get("default backend");
    if (claimed === undefined || !claimed.isTouched) return;
    settle(claimed);
    const [winner] = claimed.won;
    fallback = winner === undefined ? notFound : actionOf(winner, "/");
    // It may be in every host's locations.
    groups = createServerGroups();
    uses = createUpstreamUses();
    for (const other of places.values()) if (other.locations.length > 0) mount(other);
  };

  const settleConflicts = (touched: readonly Claimed[]): void => {
    let hasChanged = false;
    for (const claimed of touched) {
      hasChanged = contested.delete(claimed) || hasChanged;
      if (claimed.losses.length === 0) continue;
      contested.add(claimed);
      hasChanged = true;
    }
    if (hasChanged) conflicts = collectConflicts([...contested].flatMap(({ losses }) => losses));
  };

  settle(placed("any host"));
  return (next: readonly (readonly Route[])[]): Resolved => {
    const touched = change(next);
    settleFallback();
    for (const claimed of touched) if (claimed.isTouched) settle(claimed);
    settleConflicts(touched);
    return {
      site: {
        upstreams: uses.upstreams(),
        servers: groups.servers(),
        defaultServer: { locations: placed("any host").locations },
      },
      routes: [...served],
      routeCount: served.size,
      conflicts,
    };
  };
};

/**
 * Makes of everybody's routes, given in chunks, one Site without conflicts: of two that claim the same host, path and path
 * type, the one of higher priority has it, then the older one, then the first by `namespace/name`; the loser keeps its
 * other routes. The same for any order of the routes, and for whatever was resolved before: that only saves work, since
 * chunks that were there the last time are not looked into.
 */
export type Resolver = (chunks: readonly (readonly Route[])[]) => Resolved;

/** Where most chunks are others, as after a list that changed everything, it is quicker to begin anew. */
const isMostlyKept = (before: readonly object[], after: readonly object[]): boolean => {
  const known = new Set(before);
  return after.filter((chunk) => known.has(chunk)).length * 2 >= before.length;
};

export const createResolver = (): Resolver => {
  let last: { readonly chunks: readonly (readonly Route[])[]; readonly resolve: Resolver } | null = null;
  return (chunks) => {
    const resolve = last !== null && isMostlyKept(last.chunks, chunks) ? last.resolve : createIndex();
    // What a fault leaves half changed must not be built upon.
    last = null;
    const resolved = resolve(chunks);
    last = { chunks, resolve };
    return resolved;
  };
};

/** Resolves routes alone. Pure. */
export const resolveRoutes = (routes: readonly Route[]): Resolved => createResolver()([routes]);
