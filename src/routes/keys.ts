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

/** A key that is spoken for but not done yet. */
interface NotAvailable {
  /**
   * What becomes of a route that has it. Where serving without it would be worse than not serving (a guard, another
   * protocol, another place), the route is closed.
   */
  readonly route: "routed" | "closed";
  /** The values that ask for what is done anyway. */
  readonly asIs: readonly string[];
}

const notAvailable: ReadonlyMap<string, NotAvailable> = new Map<string, NotAvailable>([
  ["backend-protocol", { route: "closed", asIs: ["HTTP"] }],
  ["upstream-vhost", { route: "routed", asIs: [] }],
  ["strip-prefix", { route: "closed", asIs: ["false"] }],
  ["proxy-body-size", { route: "routed", asIs: ["1m"] }],
  ["proxy-connect-timeout", { route: "routed", asIs: ["5", "5s"] }],
  ["proxy-read-timeout", { route: "routed", asIs: ["60", "60s", "1m"] }],
  ["proxy-send-timeout", { route: "routed", asIs: ["60", "60s", "1m"] }],
  ["proxy-buffering", { route: "routed", asIs: ["true"] }],
  ["permanent-redirect", { route: "closed", asIs: [] }],
  ["temporal-redirect", { route: "closed", asIs: [] }],
  ["ssl-redirect", { route: "routed", asIs: ["false"] }],
  ["tls-secret", { route: "routed", asIs: [] }],
  ["enable-cors", { route: "routed", asIs: ["false"] }],
  ["cors-allow-origin", { route: "routed", asIs: [] }],
  ["cors-allow-methods", { route: "routed", asIs: [] }],
  ["cors-allow-headers", { route: "routed", asIs: [] }],
  ["cors-allow-credentials", { route: "routed", asIs: [] }],
  ["cors-max-age", { route: "routed", asIs: [] }],
  ["whitelist-source-range", { route: "closed", asIs: [] }],
  ["allowlist-source-range", { route: "closed", asIs: [] }],
  ["denylist-source-range", { route: "closed", asIs: [] }],
  ["limit-rps", { route: "closed", asIs: [] }],
  ["limit-connections", { route: "closed", asIs: [] }],
  ["auth-secret", { route: "closed", asIs: [] }],
  ["auth-realm", { route: "routed", asIs: [] }],
  ["response-headers", { route: "routed", asIs: [] }],
  ["request-headers", { route: "routed", asIs: [] }],
  ["affinity", { route: "routed", asIs: ["none"] }],
  ["endpoints", { route: "routed", asIs: ["false"] }],
  ["canary-of", { route: "closed", asIs: [] }],
  ["canary-weight", { route: "closed", asIs: [] }],
  ["maintenance", { route: "closed", asIs: ["false"] }],
  ["routes", { route: "closed", asIs: [] }],
]);

/** What is known of a key's name. */
export type KeyStanding =
  | { readonly kind: "available" }
  | { readonly kind: "not-available"; readonly route: "routed" | "closed" }
  | { readonly kind: "unknown" };

const available: ReadonlySet<string> = new Set([selectorKey, ...Object.values(keys).map((key) => key.name)]);
const known: readonly string[] = [...available, ...notAvailable.keys()];

/** Says whether a key is known, and done: some keys are, for the values that ask for what is done anyway. */
export const keyStanding = (name: string, value: string): KeyStanding => {
  if (available.has(name)) return { kind: "available" };
  const waiting = notAvailable.get(name);
  if (waiting === undefined) return { kind: "unknown" };
  return waiting.asIs.includes(value) ? { kind: "available" } : { kind: "not-available", route: waiting.route };
};

/** The nearest known key to one that is not, if they differ by two letters or a third. */
export const suggestKey = (name: string): string | null => {
  const asked = name.slice(0, 64).toLowerCase();
  const nearest = closest(asked, known);
  return distance(asked, nearest) <= Math.max(2, Math.floor(nearest.length / 3)) ? nearest : null;
};
