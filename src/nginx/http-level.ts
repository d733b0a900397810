import { defaultBehaviour, type RouteBehaviour } from "../routes/behaviour.ts";
import type { Location, VirtualServer } from "../routes/site.ts";
import { originMap } from "./cors.ts";
import { hashSizes } from "./hash-sizes.ts";
import { limitZones } from "./limits.ts";
import type { OriginMapView, SiteView } from "./site-view.ts";

/** What servers need at the level of `http`. */
export interface HttpNeeds {
  /** With wildcards, which nginx finds by hashes too. */
  readonly namedHosts: number;
  /** The length of the longest one. */
  readonly longestHost: number;
  /** How routes are served, where that is not as most are. */
  readonly behaviours: ReadonlySet<RouteBehaviour>;
}

const collectBehaviours = (servers: readonly { readonly locations: readonly Location[] }[]) => {
  const behaviours = new Set<RouteBehaviour>();
  for (const { locations } of servers) {
    for (const { action } of locations) {
      if (action.kind === "proxy" && action.behaviour !== defaultBehaviour) behaviours.add(action.behaviour);
    }
  }
  return behaviours;
};

export const needsOf = (servers: readonly VirtualServer[]): HttpNeeds => {
  let [namedHosts, longestHost] = [0, 0];
  for (const { hosts } of servers) {
    for (const host of hosts) {
      namedHosts += 1;
      longestHost = Math.max(longestHost, host.length);
    }
  }
  return { namedHosts, longestHost, behaviours: collectBehaviours(servers) };
};

/** @param defaultServer it takes no host */
export const addNeeds = (all: readonly HttpNeeds[], defaultServer: readonly Location[]): HttpNeeds => {
  let [namedHosts, longestHost] = [0, 0];
  const behaviours = collectBehaviours([{ locations: defaultServer }]);
  for (const needs of all) {
    namedHosts += needs.namedHosts;
    longestHost = Math.max(longestHost, needs.longestHost);
    for (const behaviour of needs.behaviours) behaviours.add(behaviour);
  }
  return { namedHosts, longestHost, behaviours };
};

const collectOriginMaps = (behaviours: Iterable<RouteBehaviour>): readonly OriginMapView[] => {
  const maps = new Map<string, OriginMapView>();
  for (const { cors } of behaviours) {
    if (cors === null) continue;
    // Any origin needs no map of its own, but the one that knows a preflight.
    const map = originMap(cors) ?? { variable: null, patterns: [] };
    maps.set(map.variable ?? "", map);
  }
  return [...maps.keys()].sort().flatMap((name) => maps.get(name) ?? []);
};

export const viewNeeds = ({
  namedHosts,
  longestHost,
  behaviours,
}: HttpNeeds): Pick<SiteView, "serverNamesHash" | "originMaps" | "limitZones"> => ({
  serverNamesHash: namedHosts === 0 ? null : hashSizes({ count: namedHosts, longest: longestHost }),
  originMaps: collectOriginMaps(behaviours),
  limitZones: limitZones(behaviours),
});
