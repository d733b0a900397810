import type { OwnAnswer, RouteBehaviour } from "../routes/behaviour.ts";
import type { Upstream } from "../routes/route.ts";
import type { Action, Location } from "../routes/site.ts";
import { corsDirectives } from "./cors.ts";
import { limitDirectives } from "./limits.ts";
import { proxyHeaders, setHeader } from "./proxy-headers.ts";

/** What upstream certificates are checked against: a file that nginx reads; null: they are not checked. */
export type UpstreamCa = string | null;

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

const headerDirectives = ({ requestHeaders, responseHeaders, upstreamVhost }: RouteBehaviour): readonly string[] => {
  const sent = proxyHeaders.map((header) =>
    header[0] === "Host" && upstreamVhost !== null ? (["Host", upstreamVhost] as const) : header,
  );
  const isOwn = requestHeaders.length > 0 || upstreamVhost !== null;
  return [
    ...(isOwn ? sent.map((header) => `${setHeader(header)};`) : []),
    ...requestHeaders.map(({ name, value }) => `${setHeader([name, `"${value}"`])};`),
    // Replaced, not doubled: what the backend says under that name is not passed on.
    ...responseHeaders.map(({ name }) => `proxy_hide_header ${name};`),
    ...responseHeaders.map(({ name, value }) => `add_header ${name} "${value}" always;`),
  ];
};

const tuningDirectives = (behaviour: RouteBehaviour): readonly string[] => {
  const { bodySize, connectTimeout, readTimeout, sendTimeout, isBuffered } = behaviour;
  return [
    ...(bodySize === null ? [] : [`client_max_body_size ${bodySize};`]),
    ...(connectTimeout === null ? [] : [`proxy_connect_timeout ${connectTimeout};`]),
    ...(readTimeout === null ? [] : [`proxy_read_timeout ${readTimeout};`]),
    ...(sendTimeout === null ? [] : [`proxy_send_timeout ${sendTimeout};`]),
    ...(isBuffered ? [] : ["proxy_buffering off;"]),
  ];
};

const tlsDirectives = ({ service }: Upstream, behaviour: RouteBehaviour, ca: UpstreamCa): readonly string[] => [
  "proxy_ssl_server_name on;",
  // The name by which the Service is known in its cluster, and its certificate is made for.
  `proxy_ssl_name ${behaviour.upstreamVhost ?? `${service.name}.${service.namespace}.svc`};`,
  ...(ca === null ? [] : ["proxy_ssl_verify on;", "proxy_ssl_verify_depth 3;", `proxy_ssl_trusted_certificate ${ca};`]),
];

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
export const locationDirectives = (location: Location, ca: UpstreamCa): readonly string[] => {
  const { action } = location;
  if (action.kind === "not-found") return ["return 404;"];
  if (action.kind === "refused") return ["return 503;"];
  const { behaviour, upstream } = action;
  if (behaviour.answer !== null) {
    const added = behaviour.responseHeaders.map(({ name, value }) => `add_header ${name} "${value}" always;`);
    return [...added, ...answerDirectives(behaviour.answer)];
  }
  return [
    ...(behaviour.cors === null ? [] : corsDirectives(behaviour.cors)),
    ...accessDirectives(behaviour),
    ...limitDirectives(behaviour, `${upstream.name} ${action.mount}`),
    ...tuningDirectives(behaviour),
    ...headerDirectives(behaviour),
    ...(upstream.isTls ? tlsDirectives(upstream, behaviour, ca) : []),
    `proxy_pass ${upstream.isTls ? "https" : "http"}://${upstream.name}${strippedPath(location, action)};`,
  ];
};
