/** A header sent upstream, and its value as nginx takes it. */
export type ProxyHeader = readonly [name: string, value: string];

/**
 * What every request carries upstream. A location that sets one header of its own must set all of them:
 * `proxy_set_header` is inherited only where a level has none. Source: ngx_http_proxy_module.
 */
export const proxyHeaders: readonly ProxyHeader[] = [
  ["Host", "$host"],
  ["Upgrade", "$hotroute_upgrade"],
  ["Connection", "$hotroute_connection"],
  ["X-Real-IP", "$remote_addr"],
  ["X-Forwarded-For", "$remote_addr"],
  ["X-Forwarded-Proto", "$hotroute_proto"],
  ["X-Forwarded-Host", "$hotroute_host"],
  ["X-Forwarded-Port", "$hotroute_port"],
  ["X-Request-ID", "$hotroute_request_id"],
  ["X-Forwarded-Scheme", "$hotroute_proto"],
  ["X-Forwarded-Prefix", "$hotroute_prefix"],
  ["X-Scheme", "$hotroute_proto"],
  // Other names under which clients could tell backends what nginx tells them: empty ones are not sent.
  ["Forwarded", '""'],
  ["X-Forwarded-Ssl", '""'],
  ["X-Forwarded-Server", '""'],
  ["X-Original-URL", '""'],
  ["X-Rewrite-URL", '""'],
  ["Proxy", '""'],
];

/** Headers that HTTP/2 has no use for. */
export const isOfHttp1 = (name: string): boolean => name === "Upgrade" || name === "Connection";

/** @param module which passes the request on: `proxy` or `grpc` */
export const setHeader = ([name, value]: ProxyHeader, module: "proxy" | "grpc" = "proxy"): string =>
  `${module}_set_header ${name} ${value}`;
