import { describeMatch, type Route } from "../../routes/route.ts";
import type { Routing, UidOf } from "./content.ts";

/** Finds the Services that become routed, and waits until nginx serves them. Pure but for what it remembers. */
export interface RoutingTracker {
  /**
   * Takes all routes of a configuration that lies in the file with this hash. Who is routed in the first one was so
   * before, as far as is known: that is no transition.
   */
  published(routes: readonly Route[], hash: string): void;
  /** Takes the hash of a file that nginx is verified to serve; gives the Services that became routed with it. */
  live(hash: string): readonly Routing[];
  isRouted(uid: string): boolean;
}

/** More are shown by nobody: a mass of Services that become routed at once is seen in the metrics. */
const maxPending = 2000;
const shownMatches = 10;

/** By uid, for the Services that `isKnown` does not hold already; `all` gets the uid of every one. */
const collectNew = (
  routes: readonly Route[],
  uidOf: UidOf,
  isKnown: (uid: string) => boolean,
  all: Set<string>,
): readonly Routing[] => {
  const found = new Map<string, { readonly first: Route; readonly matches: string[] }>();
  let last: Route | null = null;
  let uid: string | null = null;
  for (const route of routes) {
    // The routes of one Service follow each other.
    if (last?.service.name !== route.service.name || last.service.namespace !== route.service.namespace) {
      uid = uidOf(route.service);
    }
    last = route;
    if (uid === null) continue;
    all.add(uid);
    if (isKnown(uid)) continue;
    const entry = found.get(uid) ?? { first: route, matches: [] };
    found.set(uid, entry);
    entry.matches.push(describeMatch(route.match));
  }
  return [...found].map(([key, { first, matches }]) => ({
    service: first.service,
    uid: key,
    // Sorted, since an Event's name derives from its content, and routes come in no order.
    matches: matches.sort().slice(0, shownMatches),
    matchCount: matches.length,
  }));
};

export const createRoutingTracker = (uidOf: UidOf): RoutingTracker => {
  // One reference to a string that the store holds anyway for each routed Service.
  let routed: ReadonlySet<string> | null = null;
  let pending: readonly { readonly hash: string; readonly routing: Routing }[] = [];
  const isRouted = (uid: string): boolean => routed?.has(uid) ?? false;
  return {
    isRouted,
    published: (routes, hash) => {
      const before = routed;
      const now = new Set<string>();
      const appeared = collectNew(routes, uidOf, (uid) => before === null || before.has(uid), now);
      routed = now;
      const waiting = pending.filter(({ routing }) => now.has(routing.uid));
      pending = [...waiting, ...appeared.map((routing) => ({ hash, routing }))].slice(0, maxPending);
    },
    live: (hash) => {
      const live = pending.filter((entry) => entry.hash === hash);
      if (live.length > 0) pending = pending.filter((entry) => entry.hash !== hash);
      return live.map(({ routing }) => routing);
    },
  };
};
