/** A header sent upstream, and its value as nginx takes it. */
export type ProxyHeader = readonly [name: string, value: string];

/**
 * What every request carries upstream. A location that sets one header of its own must set all of them:
 * `proxy_set_header` is inherited only where a level has none. Source: ngx_http_proxy_module.
 *
 * @param believesProxies whether TRUSTED_PROXIES names any, whose word for the client's has to be looked up by maps; else
 *   nginx's own variables say the same with less work for each request
 */
export const proxyHeaders = (believesProxies: boolean): readonly ProxyHeader[] =>
  believesProxies ? believed : ofNginx;

const headersOf = (known: {
  readonly proto: string;
  readonly host: string;
  readonly port: string;
  readonly requestId: string;
  readonly prefix: string;
}): readonly ProxyHeader[] => [
  ["Host", "$host"],
  ["Upgrade", "$hotroute_upgrade"],
  ["Connection", "$hotroute_connection"],
  ["X-Real-IP", "$remote_addr"],
  ["X-Forwarded-For", "$remote_addr"],
  ["X-Forwarded-Proto", known.proto],
  ["X-Forwarded-Host", known.host],
  ["X-Forwarded-Port", known.port],
  ["X-Request-ID", known.requestId],
  ["X-Forwarded-Scheme", known.proto],
  ["X-Forwarded-Prefix", known.prefix],
  ["X-Scheme", known.proto],
  // Other names under which clients could tell backends what nginx tells them: empty ones are not sent.
  ["Forwarded", '""'],
  ["X-Forwarded-Ssl", '""'],
  ["X-Forwarded-Server", '""'],
  ["X-Original-URL", '""'],
  ["X-Rewrite-URL", '""'],
  ["Proxy", '""'],
];

const believed = headersOf({
  proto: "$hotroute_proto",
  host: "$hotroute_host",
  port: "$hotroute_port",
  requestId: "$hotroute_request_id",
  prefix: "$hotroute_prefix",
});

const ofNginx = headersOf({
  proto: "$scheme",
  host: "$host",
  port: "$hotroute_named_port",
  requestId: "$request_id",
  prefix: '""',
});

/** Headers that HTTP/2 has no use for. */
export const isOfHttp1 = (name: string): boolean => name === "Upgrade" || name === "Connection";

/** @param module which passes the request on: `proxy` or `grpc` */
export const setHeader = ([name, value]: ProxyHeader, module: "proxy" | "grpc" = "proxy"): string =>
  `${module}_set_header ${name} ${value}`;
