import { defaultBehaviour, type OwnAnswer, type RouteBehaviour } from "../routes/behaviour.ts";
import type { Upstream } from "../routes/route.ts";
import type { Action, Location } from "../routes/site.ts";
import { corsDirectives } from "./cors.ts";
import { limitDirectives } from "./limits.ts";
import { isOfHttp1, type ProxyHeader, setHeader } from "./proxy-headers.ts";

/** What upstream certificates are checked against: a file that nginx reads; null: they are not checked. */
export type UpstreamCa = string | null;

/** What a location's directives depend on beside the route. */
export interface LocationOptions {
  readonly upstreamCa: UpstreamCa;
  /** What every request carries upstream. */
  readonly proxyHeaders: readonly ProxyHeader[];
}

const answerDirectives = (answer: OwnAnswer): readonly string[] => {
  switch (answer.kind) {
    case "redirect":
      return [`return ${answer.status} "${answer.url}";`];
    case "maintenance":
      return ["add_header Retry-After 120 always;", "return 503;"];
  }
};

const accessDirectives = ({ allow, deny }: RouteBehaviour): readonly string[] => [
  ...deny.map((cidr) => `deny ${cidr};`),
  ...allow.map((cidr) => `allow ${cidr};`),
  ...(allow.length > 0 ? ["deny all;"] : []),
];

/** The module that passes requests on: its directives begin with this word. */
type ProxyModule = "proxy" | "grpc";

const moduleOf = ({ protocol }: Upstream): ProxyModule => {
  switch (protocol) {
    case "HTTP":
    case "HTTPS":
      return "proxy";
    case "GRPC":
    case "GRPCS":
      return "grpc";
  }
};

const isTls = ({ protocol }: Upstream): boolean => protocol === "HTTPS" || protocol === "GRPCS";

const headerDirectives = (
  behaviour: RouteBehaviour,
  module: ProxyModule,
  { proxyHeaders }: LocationOptions,
): readonly string[] => {
  const { requestHeaders, responseHeaders, upstreamVhost } = behaviour;
  const sent = proxyHeaders
    .filter(([name]) => module === "proxy" || !isOfHttp1(name))
    .map((header) => (header[0] === "Host" && upstreamVhost !== null ? (["Host", upstreamVhost] as const) : header));
  // What is set for all is set for proxying alone, and is inherited only where a location sets none of its own.
  const isOwn = module === "grpc" || requestHeaders.length > 0 || upstreamVhost !== null;
  return [
    ...(isOwn ? sent.map((header) => `${setHeader(header, module)};`) : []),
    ...requestHeaders.map(({ name, value }) => `${setHeader([name, `"${value}"`], module)};`),
    // Replaced, not doubled: what the backend says under that name is not passed on.
    ...responseHeaders.map(({ name }) => `${module}_hide_header ${name};`),
    ...responseHeaders.map(({ name, value }) => `add_header ${name} "${value}" always;`),
  ];
};

const tuningDirectives = (behaviour: RouteBehaviour, module: ProxyModule): readonly string[] => {
  const { bodySize, connectTimeout, readTimeout, sendTimeout, isBuffered } = behaviour;
  return [
    ...(bodySize === null ? [] : [`client_max_body_size ${bodySize};`]),
    ...(connectTimeout === null ? [] : [`${module}_connect_timeout ${connectTimeout};`]),
    ...(readTimeout === null ? [] : [`${module}_read_timeout ${readTimeout};`]),
    ...(sendTimeout === null ? [] : [`${module}_send_timeout ${sendTimeout};`]),
    // gRPC is never buffered.
    ...(isBuffered || module === "grpc" ? [] : ["proxy_buffering off;"]),
  ];
};

const tlsDirectives = (upstream: Upstream, behaviour: RouteBehaviour, ca: UpstreamCa): readonly string[] => {
  const { name, namespace } = upstream.service;
  const module = moduleOf(upstream);
  return [
    `${module}_ssl_server_name on;`,
    // The name by which the Service is known in its cluster, and its certificate is made for.
    `${module}_ssl_name ${behaviour.upstreamVhost ?? `${name}.${namespace}.svc`};`,
    ...(ca === null
      ? []
      : [`${module}_ssl_verify on;`, `${module}_ssl_verify_depth 3;`, `${module}_ssl_trusted_certificate ${ca};`]),
  ];
};

/**
 * The path that replaces the location's own, where the mounted one is cut off; empty where the request's is passed on.
 * In a prefix location nginx replaces just the part that matched.
 */
const strippedPath = ({ match, path }: Location, { behaviour, mount }: Extract<Action, { kind: "proxy" }>): string => {
  if (!behaviour.stripsPrefix || mount === "/") return "";
  if (match === "prefix") return "/";
  return path.length > mount.length ? path.slice(mount.length) : "/";
};

/** The directives of a location, each whole. */
export const locationDirectives = (location: Location, options: LocationOptions): readonly string[] => {
  const { action } = location;
  if (action.kind === "not-found") return ["return 404;"];
  if (action.kind === "refused") return ["return 503;"];
  const { behaviour, upstream } = action;
  if (behaviour.answer !== null) {
    const added = behaviour.responseHeaders.map(({ name, value }) => `add_header ${name} "${value}" always;`);
    return [...added, ...answerDirectives(behaviour.answer)];
  }
  // Most locations: no arrays for what they do not have.
  if (behaviour === defaultBehaviour && upstream.protocol === "HTTP") return [`proxy_pass http://${upstream.name};`];
  const module = moduleOf(upstream);
  return [
    ...(behaviour.cors === null ? [] : corsDirectives(behaviour.cors, module)),
    ...accessDirectives(behaviour),
    ...limitDirectives(behaviour, `${upstream.name} ${action.mount}`),
    ...tuningDirectives(behaviour, module),
    ...headerDirectives(behaviour, module, options),
    ...(isTls(upstream) ? tlsDirectives(upstream, behaviour, options.upstreamCa) : []),
    ...(module === "grpc" ? [`set $hotroute_upstream ${upstream.name};`] : []),
    `${module}_pass ${upstream.protocol.toLowerCase()}://${upstream.name}${strippedPath(location, action)};`,
  ];
};
