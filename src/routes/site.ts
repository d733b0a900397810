import type { RouteBehaviour } from "./behaviour.ts";
import type { Upstream } from "./route.ts";
import type { Host } from "./values/host.ts";

/** What a location does with a request. */
export type Action =
  | {
      readonly kind: "proxy";
      readonly upstream: Upstream;
      readonly behaviour: RouteBehaviour;
      /** The path that the route was mounted at, which `strip-prefix` cuts off. */
      readonly mount: string;
    }
  /** A route that is refused holds its place: 503. */
  | { readonly kind: "refused" }
  /** Nothing takes the request: 404. */
  | { readonly kind: "not-found" };

/** One nginx `location`: an exact path (`=`), or a prefix that ends with a slash. */
export interface Location {
  readonly match: "exact" | "prefix";
  readonly path: string;
  readonly action: Action;
}

/** The hosts that share one `server` block, and its locations in order of path; one of them is the prefix `/`. */
export interface VirtualServer {
  readonly hosts: readonly Host[];
  readonly locations: readonly Location[];
}

/** The whole configuration, free of conflicts, in one order whatever the order of arrival. */
export interface Site {
  /** By name. Exactly those that a location names. */
  readonly upstreams: readonly Upstream[];
  /** By first host. */
  readonly servers: readonly VirtualServer[];
  /** What requests for every other host get. */
  readonly defaultServer: { readonly locations: readonly Location[] };
}
