/** A header sent upstream, and its value as nginx takes it. */
export type ProxyHeader = readonly [name: string, value: string];

/** What nginx can tell backends of a request beside its Host, in the order in which it is sent. */
const tellable = [
  "X-Real-IP",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Request-ID",
  "X-Forwarded-Scheme",
  "X-Forwarded-Prefix",
  "X-Scheme",
] as const;

export type UpstreamHeader = (typeof tellable)[number];

/** What backends are told where nobody says otherwise. */
export const allUpstreamHeaders: readonly UpstreamHeader[] = tellable;

export const upstreamHeadersExpected = `all, none, or a comma list of ${tellable.join(", ")}`;

/** @param raw names in any case and order, comma-separated; `all`, or `none` for an empty list. @returns null where one is no such header */
export const parseUpstreamHeaders = (raw: string): readonly UpstreamHeader[] | null => {
  const word = raw.trim().toLowerCase();
  if (word === "all" || word === "none") return word === "all" ? tellable : [];
  const names = raw.split(",").map((name) => name.trim().toLowerCase());
  const known = tellable.filter((header) => names.includes(header.toLowerCase()));
  return known.length === new Set(names).size ? known : null;
};

/** Where the maps of the head find what trusted proxies said, and nginx itself otherwise. */
const believed: Readonly<Record<UpstreamHeader, string>> = {
  "X-Real-IP": "$remote_addr",
  "X-Forwarded-For": "$remote_addr",
  "X-Forwarded-Proto": "$hotroute_proto",
  "X-Forwarded-Host": "$hotroute_host",
  "X-Forwarded-Port": "$hotroute_port",
  "X-Request-ID": "$hotroute_request_id",
  "X-Forwarded-Scheme": "$hotroute_proto",
  "X-Forwarded-Prefix": "$hotroute_prefix",
  "X-Scheme": "$hotroute_proto",
};

/** nginx's own variables say the same with less work for each request. */
const ofNginx: Readonly<Record<UpstreamHeader, string>> = {
  ...believed,
  "X-Forwarded-Proto": "$scheme",
  "X-Forwarded-Host": "$host",
  "X-Forwarded-Port": "$hotroute_named_port",
  "X-Request-ID": "$request_id",
  "X-Forwarded-Scheme": "$scheme",
  "X-Forwarded-Prefix": '""',
  "X-Scheme": "$scheme",
};

/** Other names under which clients could tell backends what nginx tells them: empty ones are not sent. */
const removed = ["Forwarded", "X-Forwarded-Ssl", "X-Forwarded-Server", "X-Original-URL", "X-Rewrite-URL", "Proxy"];

/** What decides about the headers of all requests. */
export interface HeaderOptions {
  /** Whether TRUSTED_PROXIES names any, whose word for the client's has to be looked up by maps. */
  readonly believesProxies: boolean;
  /** What backends are told; the rest is not sent, whoever said it. */
  readonly upstreamHeaders: readonly UpstreamHeader[];
}

/**
 * What every request carries upstream. A location that sets one header of its own must set all of them:
 * `proxy_set_header` is inherited only where a level has none. Source: ngx_http_proxy_module.
 */
export const proxyHeaders = ({ believesProxies, upstreamHeaders }: HeaderOptions): readonly ProxyHeader[] => {
  const values = believesProxies ? believed : ofNginx;
  return [
    ["Host", "$host"],
    ["Upgrade", "$hotroute_upgrade"],
    ["Connection", "$hotroute_connection"],
    ...tellable.map((name): ProxyHeader => [name, upstreamHeaders.includes(name) ? values[name] : '""']),
    ...removed.map((name): ProxyHeader => [name, '""']),
  ];
};

/** Headers that HTTP/2 has no use for. */
export const isOfHttp1 = (name: string): boolean => name === "Upgrade" || name === "Connection";

/** @param module which passes the request on: `proxy` or `grpc` */
export const setHeader = ([name, value]: ProxyHeader, module: "proxy" | "grpc" = "proxy"): string =>
  `${module}_set_header ${name} ${value}`;
