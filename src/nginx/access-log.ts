/** How requests are logged: as JSON, in nginx's `combined` format, or not at all. */
export type AccessLog = "json" | "combined" | "off";

export const accessLogExpected = "json, combined or off";

export const parseAccessLog = (raw: string): AccessLog | null =>
  raw === "json" || raw === "combined" || raw === "off" ? raw : null;

/** The fields of a line; `$hotroute_upstream` is the upstream's name, which says Service, namespace and port. */
const fields: readonly (readonly [name: string, value: string])[] = [
  ["time", '"$time_iso8601"'],
  ["client", '"$remote_addr"'],
  ["method", '"$request_method"'],
  ["scheme", '"$hotroute_proto"'],
  ["host", '"$host"'],
  ["path", '"$request_uri"'],
  ["protocol", '"$server_protocol"'],
  ["status", "$status"],
  ["bytes", "$body_bytes_sent"],
  ["seconds", "$request_time"],
  ["upstream", '"$hotroute_upstream"'],
  ["upstreamAddress", '"$upstream_addr"'],
  ["upstreamStatus", '"$upstream_status"'],
  ["upstreamSeconds", '"$upstream_response_time"'],
  ["requestId", '"$hotroute_request_id"'],
  ["referer", '"$http_referer"'],
  ["userAgent", '"$http_user_agent"'],
];

/** Whether a line names the upstream. */
export const namesUpstreams = (log: AccessLog): boolean => log === "json";

/**
 * The directives at the level of `http`. Source: ngx_http_log_module.
 *
 * @param isMapped whether something else says what the upstream's name is
 */
export const accessLogDirectives = (log: AccessLog, isMapped: boolean): readonly string[] => {
  switch (log) {
    case "json": {
      const line = fields.map(([name, value]) => `"${name}":${value}`).join(",");
      return [
        // A location of gRPC, whose module has no such variable, sets it.
        ...(isMapped ? [] : ['map "" $hotroute_upstream { default $proxy_host; }']),
        `log_format hotroute_json escape=json '{${line}}';`,
        "access_log /dev/stdout hotroute_json;",
      ];
    }
    case "combined":
      return ["access_log /dev/stdout combined;"];
    case "off":
      return [];
  }
};
