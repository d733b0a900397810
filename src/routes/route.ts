import type { RouteBehaviour } from "./behaviour.ts";
import type { ServiceRef } from "./service.ts";
import type { Host } from "./values/host.ts";
import type { LocationPath, PathType } from "./values/location-path.ts";
import type { BackendProtocol } from "./values/scalar.ts";

/** Where requests are sent: a named group of addresses. */
export interface Upstream {
  /**
   * `service.namespace.port`: unique, since no part may hold a dot. The service comes first, since nginx compares the name
   * of each upstream with all others: with the namespace first, `nginx -t` of 10,000 took three times as long.
   */
  readonly name: string;
  readonly service: ServiceRef;
  readonly protocol: BackendProtocol;
  /** `address:port`, an IPv6 address in brackets, as nginx's `server` takes them; at least one. */
  readonly addresses: readonly string[];
}

/** What a route takes. */
export type Match =
  | { readonly kind: "path"; readonly host: Host | null; readonly path: LocationPath; readonly pathType: PathType }
  /** What no other route takes, on every host. */
  | { readonly kind: "default-backend" };

/** One match of one Service, on its way to the resolver. */
export interface Route {
  readonly service: ServiceRef;
  readonly match: Match;
  /**
   * Null for a route that is refused: it holds its place and answers 503. Were it left out, its requests would fall to a
   * shorter path, which may lack the guard that this one asked for.
   */
  readonly upstream: Upstream | null;
  readonly behaviour: RouteBehaviour;
  /** Higher wins a conflict. */
  readonly priority: number;
  /** Then the older one wins: milliseconds since the epoch. */
  readonly createdAtMs: number;
}

/** The match in words, for people: `shop.example.com/cart (Prefix)`. */
export const describeMatch = (match: Match): string => {
  switch (match.kind) {
    case "path":
      return `${match.host ?? "any host"} ${match.path} (${match.pathType})`;
    case "default-backend":
      return "the default backend";
  }
};
