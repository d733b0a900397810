import { closest, distance } from "fastest-levenshtein";
import { type ClassName, classExpected, parseClassName } from "./values/class-name.ts";
import { type Host, hostExpected, parseHost } from "./values/host.ts";
import {
  type LocationPath,
  type PathType,
  parseLocationPath,
  parsePathType,
  pathExpected,
  pathTypeExpected,
} from "./values/location-path.ts";
import { type PortReference, parsePortReference, portExpected } from "./values/port-reference.ts";
import { booleanExpected, parseBoolean, parsePriority, priorityExpected } from "./values/scalar.ts";

/** A key under the prefix: its one parser, and what that expects, in words. */
export interface Key<T> {
  readonly name: string;
  readonly expected: string;
  readonly parse: (raw: string) => T | null;
}

/** The keys of the routing language. `host` and `path` are comma lists: their parsers take one element. */
export const keys = {
  host: { name: "host", expected: hostExpected, parse: parseHost } satisfies Key<Host>,
  path: { name: "path", expected: pathExpected, parse: parseLocationPath } satisfies Key<LocationPath>,
  pathType: { name: "path-type", expected: pathTypeExpected, parse: parsePathType } satisfies Key<PathType>,
  port: { name: "port", expected: portExpected, parse: parsePortReference } satisfies Key<PortReference>,
  class: { name: "class", expected: classExpected, parse: parseClassName } satisfies Key<ClassName>,
  defaultBackend: { name: "default-backend", expected: booleanExpected, parse: parseBoolean } satisfies Key<boolean>,
  priority: { name: "priority", expected: priorityExpected, parse: parsePriority } satisfies Key<number>,
} as const;

/** The label that selects a Service by default; it says nothing else. */
const selectorKey = "expose";

/**
 * Keys that are spoken for but not done yet, and what becomes of a route that has one.
 * A key that guards a route closes it: to serve without the guard would be worse than not to serve.
 */
const notAvailable: ReadonlyMap<string, "routed" | "closed"> = new Map([
  ["backend-protocol", "closed"],
  ["upstream-vhost", "routed"],
  ["strip-prefix", "closed"],
  ["proxy-body-size", "routed"],
  ["proxy-connect-timeout", "routed"],
  ["proxy-read-timeout", "routed"],
  ["proxy-send-timeout", "routed"],
  ["proxy-buffering", "routed"],
  ["permanent-redirect", "closed"],
  ["temporal-redirect", "closed"],
  ["ssl-redirect", "routed"],
  ["tls-secret", "routed"],
  ["enable-cors", "routed"],
  ["cors-allow-origin", "routed"],
  ["cors-allow-methods", "routed"],
  ["cors-allow-headers", "routed"],
  ["cors-allow-credentials", "routed"],
  ["cors-max-age", "routed"],
  ["whitelist-source-range", "closed"],
  ["allowlist-source-range", "closed"],
  ["denylist-source-range", "closed"],
  ["limit-rps", "closed"],
  ["limit-connections", "closed"],
  ["auth-secret", "closed"],
  ["auth-realm", "routed"],
  ["response-headers", "routed"],
  ["request-headers", "routed"],
  ["affinity", "routed"],
  ["endpoints", "routed"],
  ["canary-of", "closed"],
  ["canary-weight", "closed"],
  ["maintenance", "closed"],
  ["routes", "closed"],
]);

/** What is known of a key's name. */
export type KeyStanding =
  | { readonly kind: "available" }
  | { readonly kind: "not-available"; readonly route: "routed" | "closed" }
  | { readonly kind: "unknown"; readonly didYouMean: string | null };

const available: ReadonlySet<string> = new Set([selectorKey, ...Object.values(keys).map((key) => key.name)]);
const known: readonly string[] = [...available, ...notAvailable.keys()];

/** Says whether a key is known; for an unknown one, the nearest name that differs by two letters or a third. */
export const keyStanding = (name: string): KeyStanding => {
  if (available.has(name)) return { kind: "available" };
  const route = notAvailable.get(name);
  if (route !== undefined) return { kind: "not-available", route };
  const nearest = closest(name.slice(0, 64).toLowerCase(), known);
  const isNear = distance(name.slice(0, 64).toLowerCase(), nearest) <= Math.max(2, Math.floor(nearest.length / 3));
  return { kind: "unknown", didYouMean: isNear ? nearest : null };
};
