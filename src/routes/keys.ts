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
  /** For the documentation: what holds without the key, and what it does. */
  readonly fallback: string;
  readonly meaning: string;
}

type Words = readonly [fallback: string, meaning: string];

const key = <T>(
  name: string,
  parse: (raw: string) => T | null,
  expected: string,
  [fallback, meaning]: Words,
): Key<T> => ({ name, parse, expected, fallback, meaning });
const boolean = (name: string, ...words: Words): Key<boolean> =>
  key(name, scalar.parseBoolean, scalar.booleanExpected, words);
const duration = (name: string, ...words: Words) => key(name, parseDuration, durationExpected, words);
const cidr = (name: string, ...words: Words) => key(name, parseCidr, cidrExpected, words);
const count = (name: string, ...words: Words) => key(name, scalar.parseCount, scalar.countExpected, words);
const url = (name: string, ...words: Words) => key(name, parseAbsoluteUrl, urlExpected, words);

/** The keys of the routing language. */
export const keys = {
  host: key("host", parseHost, hostExpected, ["any host", "which hosts; a comma list"]),
  path: key("path", parseLocationPath, pathExpected, ["`/`", "where it is mounted; a comma list"]),
  pathType: key("path-type", parsePathType, pathTypeExpected, ["`Prefix`", "how the path is matched, as in Ingress"]),
  port: key("port", parsePortReference, portExpected, ["the only TCP port, else `http`", "which port of the Service"]),
  class: key("class", parseClassName, classExpected, ["none", "taken only by a controller with the same `CLASS`"]),
  defaultBackend: boolean("default-backend", "`false`", "answers what no route takes, on every host"),
  priority: key("priority", scalar.parsePriority, scalar.priorityExpected, ["`0`", "the higher one wins a conflict"]),
  backendProtocol: key("backend-protocol", scalar.parseBackendProtocol, scalar.protocolExpected, [
    "by the port's `appProtocol`, else `HTTP`",
    "what the Service speaks",
  ]),
  upstreamVhost: key("upstream-vhost", parseHostname, hostnameExpected, [
    "the request's",
    "the Host header sent upstream",
  ]),
  stripPrefix: boolean("strip-prefix", "`false`", "the mounted path is cut off before the request is passed on"),
  proxyBodySize: key("proxy-body-size", parseSize, sizeExpected, ["`1m`", "the largest request body; 413 above it"]),
  proxyConnectTimeout: duration(
    "proxy-connect-timeout",
    "`5s`",
    "how long a connection upstream may take; 504 after it",
  ),
  proxyReadTimeout: duration("proxy-read-timeout", "`60s`", "the longest silence of the upstream; 504 after it"),
  proxySendTimeout: duration("proxy-send-timeout", "`60s`", "the longest that the upstream may take in nothing"),
  proxyBuffering: boolean("proxy-buffering", "`true`", "`false` passes each piece of an answer on as it comes"),
  permanentRedirect: url("permanent-redirect", "none", "301 to that URL"),
  temporalRedirect: url("temporal-redirect", "none", "302 to that URL"),
  enableCors: boolean("enable-cors", "`false`", "pages of other sites may ask; nginx answers the preflight"),
  corsAllowOrigin: key("cors-allow-origin", parseOrigin, originExpected, ["`*`", "which sites; a comma list"]),
  corsAllowMethods: key("cors-allow-methods", parseMethod, methodExpected, [
    "`GET, PUT, POST, DELETE, PATCH, OPTIONS`",
    "which methods",
  ]),
  corsAllowHeaders: key("cors-allow-headers", parseHeaderName, headerNameExpected, [
    "those of ingress-nginx",
    "which request headers",
  ]),
  corsAllowCredentials: boolean(
    "cors-allow-credentials",
    "`true` where origins are named",
    "whether cookies may be sent along",
  ),
  corsMaxAge: key("cors-max-age", scalar.parseSeconds, scalar.secondsExpected, [
    "`1728000`",
    "how long a browser may remember the answer to a preflight",
  ]),
  whitelistSourceRange: cidr("whitelist-source-range", "everybody", "who may ask; 403 for others; a comma list"),
  allowlistSourceRange: cidr("allowlist-source-range", "everybody", "another name of the same; both lists count"),
  denylistSourceRange: cidr(
    "denylist-source-range",
    "nobody",
    "who may not ask, whatever the other lists say; a comma list",
  ),
  limitRps: count(
    "limit-rps",
    "none",
    "requests a second of one client on one route; 429 above five times that at once",
  ),
  limitConnections: key("limit-connections", scalar.parseConnections, scalar.connectionsExpected, [
    "none",
    "requests of one client at once on one route; 429 above it",
  ]),
  responseHeaders: key("response-headers", parseResponseHeaders, responseHeadersExpected, [
    "none",
    "headers added to the answer, or replaced in it",
  ]),
  requestHeaders: key("request-headers", parseRequestHeaders, requestHeadersExpected, [
    "none",
    "headers added to the request upstream, or replaced in it",
  ]),
  maintenance: boolean("maintenance", "`false`", "503 with Retry-After"),
  routes: key("routes", parseRouteList, routeListExpected, ["none", "several routes from one Service"]),
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

const closed = (name: string): readonly [string, NotAvailable] => [name, { route: "closed", asIs: [] }];

/** Keys that are known, and not done yet. */
export const notAvailable: ReadonlyMap<string, NotAvailable> = new Map<string, NotAvailable>([
  ["ssl-redirect", { route: "routed", asIs: ["false"] }],
  ["tls-secret", { route: "routed", asIs: [] }],
  ["auth-secret", { route: "closed", asIs: [] }],
  // Guards of ingress-nginx: whoever copies one must not be served without it.
  ...["auth-url", "auth-type", "auth-tls-secret", "auth-tls-verify-client", "satisfy"].map(closed),
  ...["limit-rpm", "limit-whitelist", "limit-allowlist", "enable-modsecurity"].map(closed),
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

/** Keys without which a route would serve more than its owner wants: to more clients, or in another place. */
export const guards: ReadonlySet<string> = new Set([
  keys.whitelistSourceRange.name,
  keys.allowlistSourceRange.name,
  keys.denylistSourceRange.name,
  ...[...notAvailable].filter(([, { route }]) => route === "closed").map(([name]) => name),
]);
