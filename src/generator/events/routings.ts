import { createChunker } from "../../routes/chunks.ts";
import { differenceOf } from "../../routes/difference.ts";
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

/** The Services of these routes, with what they match. */
const collectRoutings = (routes: readonly (readonly [uid: string, route: Route])[]): readonly Routing[] => {
  const found = new Map<string, { readonly first: Route; readonly matches: string[] }>();
  for (const [uid, route] of routes) {
    const entry = found.get(uid) ?? { first: route, matches: [] };
    found.set(uid, entry);
    entry.matches.push(describeMatch(route.match));
  }
  return [...found].map(([uid, { first, matches }]) => ({
    service: first.service,
    uid,
    // Sorted, since an Event's name derives from its content, and routes come in no order.
    matches: matches.sort().slice(0, shownMatches),
    matchCount: matches.length,
  }));
};

/** The routes that are served and whose they are: of thousands a few change at a time, and only these are looked at. */
const createServedRoutes = (uidOf: UidOf) => {
  const chunk = createChunker<Route>();
  let chunks: readonly (readonly Route[])[] = [];
  const uids = new Map<Route, string>();
  /** By uid; none is 0. */
  const counts = new Map<string, number>();
  const count = (uid: string, step: 1 | -1): void => {
    const now = (counts.get(uid) ?? 0) + step;
    if (now === 0) counts.delete(uid);
    else counts.set(uid, now);
  };
  return {
    isRouted: (uid: string): boolean => counts.has(uid),
    /** @returns the routes of Services that had none */
    replace: (routes: readonly Route[]): readonly (readonly [uid: string, route: Route])[] => {
      const next = chunk(routes);
      const { gone, come } = differenceOf(chunks, next);
      chunks = next;
      const arrived = [...come].flatMap((route) => {
        const uid = uidOf(route.service);
        return uid === null ? [] : [[uid, route] as const];
      });
      const appeared = arrived.filter(([uid]) => !counts.has(uid));
      for (const route of gone) {
        const uid = uids.get(route);
        uids.delete(route);
        if (uid !== undefined) count(uid, -1);
      }
      for (const [uid, route] of arrived) {
        uids.set(route, uid);
        count(uid, 1);
      }
      return appeared;
    },
  };
};

export const createRoutingTracker = (uidOf: UidOf): RoutingTracker => {
  const served = createServedRoutes(uidOf);
  let isFirst = true;
  let pending: readonly { readonly hash: string; readonly routing: Routing }[] = [];
  return {
    isRouted: served.isRouted,
    published: (routes, hash) => {
      const appeared = served.replace(routes);
      const waiting = pending.filter(({ routing }) => served.isRouted(routing.uid));
      const begun = isFirst ? [] : collectRoutings(appeared);
      pending = [...waiting, ...begun.map((routing) => ({ hash, routing }))].slice(0, maxPending);
      isFirst = false;
    },
    live: (hash) => {
      const live = pending.filter((entry) => entry.hash === hash);
      if (live.length > 0) pending = pending.filter((entry) => entry.hash !== hash);
      return live.map(({ routing }) => routing);
    },
  };
};
