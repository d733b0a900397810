import { type Cors, defaultBehaviour, type OwnAnswer, type RouteBehaviour } from "./behaviour.ts";
import { keys } from "./keys.ts";
import type { RouteSettings } from "./route-settings.ts";
import type { CorsToken, Origin } from "./values/cors.ts";

// The defaults of ingress-nginx.
const corsMethods = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"] as readonly string[] as readonly CorsToken[];
const corsHeaders = [
  "DNT",
  "Keep-Alive",
  "User-Agent",
  "X-Requested-With",
  "If-Modified-Since",
  "Cache-Control",
  "Content-Type",
  "Range",
  "Authorization",
] as readonly string[] as readonly CorsToken[];
const anyOrigin = ["*"] as readonly string[] as readonly Origin[];
const corsMaxAgeSeconds = 1_728_000;

// They stand in one word, and nginx reads none of more than 4,095 bytes.
const maxTokens = 2000;

const readCors = (settings: RouteSettings): Cors | null => {
  const isEnabled = settings.one(keys.enableCors, false);
  const origins = settings.whole(keys.corsAllowOrigin, anyOrigin);
  const isAny = origins.includes("*" as Origin); // parseOrigin("*") is "*"
  const cors: Cors = {
    origins: isAny ? anyOrigin : origins,
    methods: settings.whole(keys.corsAllowMethods, corsMethods),
    headers: settings.whole(keys.corsAllowHeaders, corsHeaders),
    allowsCredentials: settings.one(keys.corsAllowCredentials, !isAny),
    maxAgeSeconds: settings.one(keys.corsMaxAge, corsMaxAgeSeconds),
  };
  for (const [key, tokens] of [
    [keys.corsAllowMethods, cors.methods],
    [keys.corsAllowHeaders, cors.headers],
  ] as const) {
    if (tokens.join(", ").length > maxTokens) settings.refuse(key, `expected at most ${maxTokens} characters in all`);
  }
  if (isEnabled && isAny && cors.allowsCredentials) {
    settings.refuse(
      keys.corsAllowCredentials,
      "expected false where any origin is allowed: name origins in cors-allow-origin",
    );
  }
  return isEnabled ? cors : null;
};

const readAnswer = (settings: RouteSettings): OwnAnswer | null => {
  const permanent = settings.one(keys.permanentRedirect, null);
  const temporal = settings.one(keys.temporalRedirect, null);
  const isMaintenance = settings.one(keys.maintenance, false);
  if (isMaintenance) return { kind: "maintenance" };
  if (permanent !== null && temporal !== null) {
    settings.refuse(keys.temporalRedirect, "expected one of permanent-redirect and temporal-redirect, not both");
  }
  if (permanent !== null) return { kind: "redirect", status: 301, url: permanent };
  return temporal === null ? null : { kind: "redirect", status: 302, url: temporal };
};

const matchKeys: ReadonlySet<string> = new Set(
  [keys.host, keys.path, keys.pathType, keys.port, keys.class, keys.defaultBackend, keys.priority, keys.routes].map(
    ({ name }) => name,
  ),
);
const behaviourKeys: readonly string[] = Object.values(keys)
  .map(({ name }) => name)
  .filter((name) => !matchKeys.has(name));

/** Reads how a Service's routes are served. A Service without any of these keys gets `defaultBehaviour` itself. */
export const readBehaviour = (settings: RouteSettings): RouteBehaviour => {
  // Most Services have none of them: 5,000 of these cost nothing here.
  if (!settings.hasAny(behaviourKeys)) return defaultBehaviour;
  const behaviour: RouteBehaviour = {
    protocol: settings.one(keys.backendProtocol, null),
    upstreamVhost: settings.one(keys.upstreamVhost, null),
    stripsPrefix: settings.one(keys.stripPrefix, false),
    bodySize: settings.one(keys.proxyBodySize, null),
    connectTimeout: settings.one(keys.proxyConnectTimeout, null),
    readTimeout: settings.one(keys.proxyReadTimeout, null),
    sendTimeout: settings.one(keys.proxySendTimeout, null),
    isBuffered: settings.one(keys.proxyBuffering, true),
    answer: readAnswer(settings),
    cors: readCors(settings),
    // Both names are known from ingress-nginx; who is on either list may ask.
    allow: [...settings.whole(keys.whitelistSourceRange, []), ...settings.whole(keys.allowlistSourceRange, [])],
    deny: settings.whole(keys.denylistSourceRange, []),
    limitRps: settings.one(keys.limitRps, null),
    limitConnections: settings.one(keys.limitConnections, null),
    responseHeaders: settings.one(keys.responseHeaders, []),
    requestHeaders: settings.one(keys.requestHeaders, []),
  };
  return JSON.stringify(behaviour) === defaultText ? defaultBehaviour : behaviour;
};

const defaultText = JSON.stringify(defaultBehaviour);
