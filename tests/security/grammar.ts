import { sharedComments, sharedGroup, sharedHttp, sharedPassedOn, sharedServer } from "./shared-grammar.ts";
import {
  anyCidr,
  anyDuration,
  anyHeaderName,
  anyHeaderValue,
  anyHost,
  anyPath,
  anyRequestHeader,
  anyResponseHeader,
  anyUrl,
  type Context,
  type Form,
  ignoringCase,
  ipv4,
  ipv6,
  label,
  once,
  originVariable,
  path,
  port,
  rateZone,
  upstream,
  type Word,
  whole,
} from "./words.ts";

/**
 * Every directive that default.conf may hold, where it may stand and which words it takes: written by hand from the
 * template and src/nginx/, not derived from them. What is not here is an injection, or a new directive that has to be
 * added here knowingly.
 */

const sentUpstream: readonly (readonly [header: string, ...values: string[]])[] = [
  ["Host", "$host"],
  ["Upgrade", "$hotroute_upgrade"],
  ["Connection", "$hotroute_connection"],
  ["X-Real-IP", "$remote_addr"],
  ["X-Forwarded-For", "$remote_addr"],
  ["X-Forwarded-Proto", "$scheme", "$hotroute_proto"],
  ["X-Forwarded-Host", "$host", "$hotroute_host"],
  ["X-Forwarded-Port", "$hotroute_named_port", "$hotroute_port"],
  ["X-Request-ID", "$request_id", "$hotroute_request_id"],
  ["X-Forwarded-Scheme", "$scheme", "$hotroute_proto"],
  ["X-Forwarded-Prefix", "", "$hotroute_prefix"],
  ["X-Scheme", "$scheme", "$hotroute_proto"],
  ["Forwarded", ""],
  ["X-Forwarded-Ssl", ""],
  ["X-Forwarded-Server", ""],
  ["X-Original-URL", ""],
  ["X-Rewrite-URL", ""],
  ["Proxy", ""],
];
const alwaysSent: readonly Form[] = sentUpstream.flatMap(([header, ...values]) =>
  values.map((value) => ({ words: [header, value] })),
);

/** The directives of a module that passes requests on. */
const passedOnBy = (module: string, schemes: string, uri: string): Readonly<Record<string, readonly Form[]>> => ({
  [`${module}_connect_timeout`]: once(anyDuration),
  [`${module}_read_timeout`]: once(anyDuration),
  [`${module}_send_timeout`]: once(anyDuration),
  [`${module}_set_header`]: [
    ...alwaysSent,
    ...once("Host", anyHost),
    ...once(ignoringCase(anyRequestHeader), anyHeaderValue),
  ],
  [`${module}_hide_header`]: once(anyHeaderName),
  [`${module}_ssl_server_name`]: once("on"),
  [`${module}_ssl_name`]: once(anyHost),
  [`${module}_ssl_verify`]: once("on"),
  [`${module}_ssl_verify_depth`]: once("3"),
  // The one path of a file that may stand here is a setting of whoever runs hotroute.
  [`${module}_ssl_trusted_certificate`]: once("/etc/ssl/certs/ca-certificates.crt"),
  [`${module}_pass`]: [...once(whole(`${schemes}://${upstream}${uri}`)), ...sharedPassedOn],
});

const corsAnswer: readonly Form[] = [
  { words: ["Access-Control-Allow-Origin", "*", "always"] },
  { words: ["Access-Control-Allow-Origin", originVariable, "always"] },
  { words: ["Access-Control-Allow-Credentials", "true", "always"] },
  { words: ["Vary", "Origin", "always"] },
];

const forwarded = (header: string): string => `$hotroute_trusted $http_x_forwarded_${header}`;
const maps: readonly Form[] = [
  { words: ["", "$hotroute_upstream"], opens: [["default", "$proxy_host"]] },
  {
    words: ["$http_upgrade", "$hotroute_upgrade"],
    opens: [
      ["default", ""],
      ["~*^websocket$", "websocket"],
    ],
  },
  {
    words: ["$hotroute_upgrade", "$hotroute_connection"],
    opens: [
      ["default", ""],
      ["websocket", "upgrade"],
    ],
  },
  { words: ["", "$hotroute_proto"], opens: [["default", "$scheme"]] },
  { words: ["", "$hotroute_host"], opens: [["default", "$host"]] },
  { words: ["", "$hotroute_port"], opens: [["default", "$hotroute_named_port"]] },
  { words: ["", "$hotroute_request_id"], opens: [["default", "$request_id"]] },
  { words: ["", "$hotroute_prefix"], opens: [["default", ""]] },
  {
    words: [forwarded("proto"), "$hotroute_proto"],
    opens: [
      ["default", "$scheme"],
      ["1 http", "http"],
      ["1 https", "https"],
      ["~*^1 http *,", "http"],
      ["~*^1 https *,", "https"],
    ],
  },
  {
    words: [forwarded("port"), "$hotroute_port"],
    opens: [
      ["default", "$hotroute_named_port"],
      ["1 80", "80"],
      ["1 443", "443"],
      ["1 ", "$hotroute_named_port"],
      ["~^1 (?<hotroute_forwarded_port>[1-9][0-9]{0,4})(?: *,|$)", "$hotroute_forwarded_port"],
    ],
  },
  {
    words: ["$http_x_forwarded_host", "$hotroute_host"],
    opens: [
      ["default", "$hotroute_told_host"],
      ["", "$host"],
    ],
  },
  {
    words: [forwarded("host"), "$hotroute_told_host"],
    opens: [
      ["default", "$host"],
      ["~^1 (?<hotroute_forwarded_host>[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?(?: *,|$)", "$hotroute_forwarded_host"],
    ],
  },
  {
    words: ["$http_x_request_id", "$hotroute_request_id"],
    opens: [
      ["default", "$hotroute_told_id"],
      ["", "$request_id"],
    ],
  },
  {
    words: ["$hotroute_trusted $http_x_request_id", "$hotroute_told_id"],
    opens: [
      ["default", "$request_id"],
      ["~^1 (?<hotroute_forwarded_id>[A-Za-z0-9._-]{1,128})$", "$hotroute_forwarded_id"],
    ],
  },
  {
    words: ["$http_x_forwarded_prefix", "$hotroute_prefix"],
    opens: [
      ["default", "$hotroute_told_prefix"],
      ["", ""],
    ],
  },
  {
    words: [forwarded("prefix"), "$hotroute_told_prefix"],
    opens: [
      ["default", ""],
      ["~^1 (?<hotroute_forwarded_prefix>/[A-Za-z0-9._~/-]{0,253})$", "$hotroute_forwarded_prefix"],
    ],
  },
  {
    words: [/^\$request_port \$(?:hotroute_proto|scheme)$/, "$hotroute_named_port"],
    opens: [
      ["default", "$request_port"],
      [" http", "80"],
      [" https", "443"],
    ],
  },
  {
    words: [/^\$(?:hotroute_proto|scheme)$/, "$hotroute_scheme_port"],
    opens: [
      ["default", "80"],
      ["https", "443"],
    ],
  },
  {
    words: ["$http_host", "$hotroute_named_port"],
    opens: [
      ["default", "$hotroute_scheme_port"],
      ["~:[0-9]+$", "$hotroute_checked_port"],
    ],
  },
  {
    words: ["$host $http_host", "$hotroute_checked_port"],
    opens: [
      ["default", "$hotroute_scheme_port"],
      [
        "~*^(?<hotroute_named_host>[^ ]+) \\k<hotroute_named_host>:(?<hotroute_host_port>[1-9][0-9]{0,4})$",
        "$hotroute_host_port",
      ],
    ],
  },
  {
    words: ["$request_method $http_origin $http_access_control_request_method", "$hotroute_preflight"],
    opens: [
      ["default", ""],
      ["~^OPTIONS [^ ]+ [^ ]+$", "1"],
    ],
  },
  {
    words: ["$http_origin", originVariable],
    opens: [
      ["default", ""],
      [whole(`~\\^https?://${label}(?:\\\\\\.${label})*(?::${port})?\\$`), "$http_origin"],
      [whole(`~\\^https?://\\[a-z0-9-\\]\\+(?:\\\\\\.${label})+(?::${port})?\\$`), "$http_origin"],
    ],
  },
];

const exactExpression = `${label}(?:\\\\\\.${label})*`;
const wildcardExpression = `\\[a-z0-9_-\\]\\+(?:\\\\\\.${label})+`;
const anyExpression = `(?:${wildcardExpression}|${exactExpression})`;

/** What hosts of many Services share stands in shared-grammar.ts. */
export const grammar: Readonly<Record<Context, Readonly<Record<string, readonly Form[]>>>> = {
  http: {
    server_names_hash_bucket_size: once(/^\d{2,5}$/),
    server_names_hash_max_size: once(/^\d{3,6}$/),
    request_pool_size: once("16k"),
    http2: once("on"),
    log_format: once("hotroute_json", "escape=json", /^\{(?:"[a-zA-Z]+":"?\$[a-z0-9_]+"?,?)+\}$/),
    access_log: [{ words: ["/dev/stdout", "hotroute_json"] }, { words: ["/dev/stdout", "combined"] }],
    set_real_ip_from: once(anyCidr),
    real_ip_header: once("X-Forwarded-For"),
    real_ip_recursive: once("on"),
    geo: [
      {
        words: ["$realip_remote_addr", "$hotroute_trusted"],
        opens: [
          ["default", "0"],
          [anyCidr, "1"],
        ],
      },
    ],
    ...sharedHttp,
    map: [...maps, ...sharedHttp.map],
    proxy_http_version: once("1.1"),
    proxy_connect_timeout: once("5s"),
    proxy_set_header: alwaysSent,
    limit_req_zone: once(
      "$hotroute_route $binary_remote_addr",
      /^zone=hotroute_rps_[1-9]\d{0,6}_10m:10m$/,
      /^rate=[1-9]\d{0,6}r\/s$/,
    ),
    limit_conn_zone: once("$hotroute_route $binary_remote_addr", "zone=hotroute_connections_10m:10m"),
    upstream: [{ words: [whole(upstream)], opens: "upstream" }, ...sharedHttp.upstream],
    server: [{ words: [], opens: "server" }],
  },
  upstream: {
    server: once(whole(`${ipv4}:${port}|\\[${ipv6}\\]:${port}`)),
    keepalive: once("32"),
    keepalive_timeout: once("4s"),
  },
  group: sharedGroup,
  server: {
    ...sharedServer,
    listen: [
      { words: [whole(`(?:${ipv4}:|\\[${ipv6}\\]:)?${port}`)] },
      { words: [/^[\d.:[\]a-f]+$/, "default_server"] },
    ],
    server_name: [
      ...once("hotroute.invalid"),
      ...once(anyHost),
      ...once(whole(`\\*(?:\\.${label})+`)),
      ...once(whole(`~\\^${wildcardExpression}\\$`)),
    ],
    if: [
      { words: ["($host", "!~", whole(`\\^${wildcardExpression}\\$`), ")"], opens: "foreign" },
      {
        words: ["($host", "!~", whole(`\\^\\(\\?:${anyExpression}(?:\\|${anyExpression})+\\)\\$`), ")"],
        opens: "foreign",
      },
    ],
    location: [
      { words: [anyPath], opens: "location" },
      { words: ["=", anyPath], opens: "location" },
      { words: ["@again"], opens: "location" },
    ],
  },
  // What is below a wildcard, but not by one label.
  foreign: { return: once("404") },
  location: {
    return: [{ words: ["404"] }, { words: ["503"] }, { words: [/^30[12]$/, anyUrl] }],
    if: [
      { words: ["($hotroute_preflight)"], opens: "preflight" },
      { words: ["($hotroute_is_final)"], opens: "final" },
    ],
    allow: once(anyCidr),
    deny: [{ words: ["all"] }, { words: [anyCidr] }],
    set: [
      { words: ["$hotroute_route", whole(`${upstream} ${path}`)] },
      { words: ["$hotroute_upstream", whole(upstream)] },
    ],
    limit_req: once(new RegExp(`^zone=${rateZone.source.slice(1, -1)}$`), /^burst=[1-9]\d{0,7}$/, "nodelay"),
    limit_req_status: once("429"),
    limit_conn: once("hotroute_connections_10m", /^[1-9]\d{0,6}$/),
    limit_conn_status: once("429"),
    client_max_body_size: once(/^\d{1,9}[kmg]?$/),
    proxy_buffering: once("off"),
    ...passedOnBy("proxy", "https?", `(?:${path})?`),
    ...passedOnBy("grpc", "grpcs?", ""),
    add_header: [
      ...corsAnswer,
      ...once("Retry-After", "120", "always"),
      ...once(ignoringCase(anyResponseHeader), anyHeaderValue, "always"),
    ],
  },
  final: { return: once("502") },
  preflight: {
    add_header: [
      ...corsAnswer,
      ...once("Access-Control-Allow-Methods", /^[A-Z]{1,20}(?:, [A-Z]{1,20})*$/, "always"),
      ...once("Access-Control-Allow-Headers", /^[A-Za-z0-9*][\w.-]*(?:, [A-Za-z0-9*][\w.-]*)*$/, "always"),
      ...once("Access-Control-Max-Age", /^\d{1,8}$/, "always"),
    ],
    return: once("204"),
  },
};

/** The comments of the template: no word of a Service stands in one. */
export const comments: readonly Word[] = [
  " Made by hotroute from labelled Services. What is changed here by hand is overwritten.",
  " gRPC is HTTP/2; a connection that does not begin so is HTTP/1.1 as before.",
  " WebSocket upgrades are passed on. No other is: h2c would be a tunnel past the routes. An empty Connection header leaves",
  " the connection to the upstream open for the next request.",
  " What these proxies say of their clients is believed, the first element of a list; what anybody else says is overwritten.",
  " Few proxies send these: who sent one is looked at only where there is one.",
  " What a request needs here fits in one piece of memory instead of three.",
  " A port of another host than the one that is asked for (RFC 9112, 3.2.2) is none.",
  " The port as the client named it, else that of the scheme: the Pod's own port is nobody's business.",
  " A preflight is a browser's question whether another site's page may ask. Which origins may, each route says.",
  " 4 s is less than the 5 s after which common backends hang up: no request may meet a connection being closed.",
  " Requests for any other host; one without a host goes upstream under this name, which no name server knows (RFC 2606).",
  /^ sha256:[0-9a-f]{64}$/,
  ...sharedComments,
];
