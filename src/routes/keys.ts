import { closest, distance } from "fastest-levenshtein";
import { parseAbsoluteUrl, urlExpected } from "./values/absolute-url.ts";
import { cidrExpected, parseCidr } from "./values/cidr.ts";
import { classExpected, parseClassName } from "./values/class-name.ts";
import {
  headerNameExpected,
  methodExpected,
  originExpected,
  parseHeaderName,
  parseMethod,
  parseOrigin,
} from "./values/cors.ts";
import { durationExpected, parseDuration } from "./values/duration.ts";
import {
  parseRequestHeaders,
  parseResponseHeaders,
  requestHeadersExpected,
  responseHeadersExpected,
} from "./values/header.ts";
import { hostExpected, hostnameExpected, parseHost, parseHostname } from "./values/host.ts";
import { parseLocationPath, parsePathType, pathExpected, pathTypeExpected } from "./values/location-path.ts";
import { parsePortReference, portExpected } from "./values/port-reference.ts";
import { parseRouteList, routeListExpected } from "./values/route-list.ts";
import * as scalar from "./values/scalar.ts";
import { parseSize, sizeExpected } from "./values/size.ts";

/** A key under the prefix: its one parser, and what that expects, in words. The parser of a list takes one element. */
export interface Key<T> {
  readonly name: string;
  readonly expected: string;
  readonly parse: (raw: string) => T | null;
}

const key = <T>(name: string, parse: (raw: string) => T | null, expected: string): Key<T> => ({
  name,
  parse,
  expected,
});
const boolean = (name: string): Key<boolean> => key(name, scalar.parseBoolean, scalar.booleanExpected);
const duration = (name: string) => key(name, parseDuration, durationExpected);
const cidr = (name: string) => key(name, parseCidr, cidrExpected);
const count = (name: string) => key(name, scalar.parseCount, scalar.countExpected);
const url = (name: string) => key(name, parseAbsoluteUrl, urlExpected);

/** The keys of the routing language. */
export const keys = {
  host: key("host", parseHost, hostExpected),
  path: key("path", parseLocationPath, pathExpected),
  pathType: key("path-type", parsePathType, pathTypeExpected),
  port: key("port", parsePortReference, portExpected),
  class: key("class", parseClassName, classExpected),
  defaultBackend: boolean("default-backend"),
  priority: key("priority", scalar.parsePriority, scalar.priorityExpected),
  backendProtocol: key("backend-protocol", scalar.parseBackendProtocol, scalar.protocolExpected),
  upstreamVhost: key("upstream-vhost", parseHostname, hostnameExpected),
  stripPrefix: boolean("strip-prefix"),
  proxyBodySize: key("proxy-body-size", parseSize, sizeExpected),
  proxyConnectTimeout: duration("proxy-connect-timeout"),
  proxyReadTimeout: duration("proxy-read-timeout"),
  proxySendTimeout: duration("proxy-send-timeout"),
  proxyBuffering: boolean("proxy-buffering"),
  permanentRedirect: url("permanent-redirect"),
  temporalRedirect: url("temporal-redirect"),
  enableCors: boolean("enable-cors"),
  corsAllowOrigin: key("cors-allow-origin", parseOrigin, originExpected),
  corsAllowMethods: key("cors-allow-methods", parseMethod, methodExpected),
  corsAllowHeaders: key("cors-allow-headers", parseHeaderName, headerNameExpected),
  corsAllowCredentials: boolean("cors-allow-credentials"),
  corsMaxAge: key("cors-max-age", scalar.parseSeconds, scalar.secondsExpected),
  whitelistSourceRange: cidr("whitelist-source-range"),
  allowlistSourceRange: cidr("allowlist-source-range"),
  denylistSourceRange: cidr("denylist-source-range"),
  limitRps: count("limit-rps"),
  limitConnections: count("limit-connections"),
  responseHeaders: key("response-headers", parseResponseHeaders, responseHeadersExpected),
  requestHeaders: key("request-headers", parseRequestHeaders, requestHeadersExpected),
  maintenance: boolean("maintenance"),
  routes: key("routes", parseRouteList, routeListExpected),
} as const;

/** The label that selects a Service by default; it says nothing else. */
const selectorKey = "expose";

/** A key that is spoken for but not done yet. */
interface NotAvailable {
  /**
   * What becomes of a route that has it. Where serving without it would be worse than not serving (a guard, another
   * place), the route is closed.
   */
  readonly route: "routed" | "closed";
  /** The values that ask for what is done anyway. */
  readonly asIs: readonly string[];
}

const notAvailable: ReadonlyMap<string, NotAvailable> = new Map<string, NotAvailable>([
  ["ssl-redirect", { route: "routed", asIs: ["false"] }],
  ["tls-secret", { route: "routed", asIs: [] }],
  ["auth-secret", { route: "closed", asIs: [] }],
  ["auth-realm", { route: "routed", asIs: [] }],
  ["affinity", { route: "routed", asIs: ["none"] }],
  ["endpoints", { route: "routed", asIs: ["false"] }],
  ["canary-of", { route: "closed", asIs: [] }],
  ["canary-weight", { route: "closed", asIs: [] }],
]);

/** What is known of a key's name. */
export type KeyStanding =
  | { readonly kind: "available" }
  | { readonly kind: "not-available"; readonly route: "routed" | "closed" }
  | { readonly kind: "unknown" };

const available: ReadonlySet<string> = new Set([selectorKey, ...Object.values(keys).map(({ name }) => name)]);
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
