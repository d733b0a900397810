import { anyHost, type Form, ipv4, ipv6, name, once, port, upstream, type Word, whole } from "./words.ts";

/** What default.conf may hold beside the rest where hosts of many Services share servers. */
const endpoint = `${ipv4}:${port}|\\[${ipv6}\\]:${port}`;
const anyAddress = whole(endpoint);
const group = "[0-9a-f]{1,8}-[0-9a-f]{12}";

export const sharedHttp: Readonly<
  Record<"map_hash_bucket_size" | "map_hash_max_size" | "map" | "upstream", readonly Form[]>
> = {
  map_hash_bucket_size: once(/^\d{2,5}$/),
  map_hash_max_size: once(/^\d{3,6}$/),
  map: [
    {
      words: ["$request_method $upstream_bytes_sent $upstream_bytes_received", "$hotroute_is_final"],
      opens: [
        ["default", "1"],
        ["~ 0 0$", ""],
        ["~^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE) [0-9]+ 0$", ""],
      ],
    },
    {
      words: ["$host", "$hotroute_address"],
      opens: [
        ["default", ""],
        [anyHost, anyAddress],
      ],
    },
    {
      words: ["$host", "$hotroute_upstream"],
      opens: [
        ["default", "$proxy_host"],
        [anyHost, whole(upstream)],
      ],
    },
  ],
  upstream: [{ words: [whole(group)], opens: "group" }],
};

export const sharedGroup: Readonly<Record<string, readonly Form[]>> = {
  least_conn: once(),
  sticky: [...once("route", "$host"), ...once("route", "$hotroute_address")],
  keepalive: once("64"),
  keepalive_timeout: once("4s"),
  server: once(anyAddress, whole(`route=(?=.{1,32}$)(?:${name}|${endpoint})`), "max_fails=0", "drain"),
};

export const sharedServer: Readonly<Record<string, readonly Form[]>> = {
  proxy_next_upstream: once("off"),
  proxy_intercept_errors: once("off"),
  recursive_error_pages: once("off"),
  error_page: once("502", "=", "@again"),
};

export const sharedPassedOn: readonly Form[] = [...once(whole(`http://${group}`)), ...once("http://$hotroute_address")];

export const sharedComments: readonly Word[] = [
  " Which address is the Service's: for its second request, and in groups whose hosts are too long or too many to be routes.",
  " The log names the Service's upstream, as it does for hosts with blocks of their own.",
  " Hosts of many Services that are routed alike share blocks: each block costs nginx as much as fifty hosts in one. The host",
  " tells which of a group's addresses is its Service's; as every server of the group drains, none takes another's requests.",
  " By least_conn nginx takes that server at once; by itself it would go through all of them for the next turn, too.",
  " A connection that was kept open may be closed just as it is used. The request is then sent once more, by a new one, where",
  " nothing of it was sent, or where it may be repeated (RFC 9110, 9.2.2) and nothing was answered: nginx itself would look for",
  " another server, and there is none for this Service.",
  // The one word of a Service in a comment: the generator reads there whose an address is.
  whole(` ${upstream}`),
];
