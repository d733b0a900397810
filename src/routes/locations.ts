import type { Route } from "./route.ts";
import { compareText } from "./service.ts";
import type { Action, Location } from "./site.ts";

/** What a route does with its requests, when mounted at a path. */
export const actionOf = ({ upstream, behaviour }: Pick<Route, "upstream" | "behaviour">, mount: string): Action =>
  upstream === null ? { kind: "refused" } : { kind: "proxy", upstream, behaviour, mount };

/** The longest prefix that takes a path, by element as Ingress matches. */
const longestPrefix = (prefixes: ReadonlyMap<string, Action>, path: string): Action | undefined => {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    const found = prefixes.get(path.slice(0, end));
    if (found !== undefined) return found;
  }
  return prefixes.get("/");
};

/**
 * The nginx locations that match as Ingress does: Exact before Prefix, the longest Prefix first, Prefix by element.
 * Source: nginx `location`, and the path types of the Ingress documentation.
 *
 * @param routes the routes of one host, free of conflicts
 * @param fallback what a request that none of them takes gets
 */
export const buildLocations = (routes: readonly Route[], fallback: Action): readonly Location[] => {
  const [first] = routes;
  if (first === undefined) return [{ match: "prefix", path: "/", action: fallback }];
  // Most hosts have one route, for everything.
  if (
    routes.length === 1 &&
    first.match.kind === "path" &&
    first.match.path === "/" &&
    first.match.pathType === "Prefix"
  ) {
    return [{ match: "prefix", path: "/", action: actionOf(first, "/") }];
  }
  const exact = new Map<string, Action>();
  const prefixes = new Map<string, Action>();
  for (const { match, upstream, behaviour } of routes) {
    if (match.kind !== "path") continue;
    const action = actionOf({ upstream, behaviour }, match.path);
    (match.pathType === "Exact" ? exact : prefixes).set(match.path, action);
  }
  const locations: Location[] = [];
  const exactLocations = new Map(exact);
  for (const [path, action] of prefixes) {
    if (path === "/") continue;
    locations.push({ match: "prefix", path: `${path}/`, action });
    if (!exact.has(path)) exactLocations.set(path, action);
  }
  // A location that ends with a slash and proxies makes nginx answer the path without it by a redirect to it.
  // Only an Exact path can still do that here: what takes the path without the slash must say so itself.
  for (const path of exact.keys()) {
    const bare = path.slice(0, -1);
    if (!path.endsWith("/") || bare === "" || exactLocations.has(bare)) continue;
    exactLocations.set(bare, longestPrefix(prefixes, bare) ?? fallback);
  }
  for (const [path, action] of exactLocations) locations.push({ match: "exact", path, action });
  locations.push({ match: "prefix", path: "/", action: prefixes.get("/") ?? fallback });
  return locations.sort((a, b) => compareText(a.path, b.path) || compareText(a.match, b.match));
};
