import { configure } from "../../src/nginx/configuration.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { allUpstreamHeaders } from "../../src/nginx/proxy-headers.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { isNginxAtLeast, type NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { firstHost, serviceName } from "./hosts.ts";

/** What a configuration of the benchmark is made for. */
export interface SiteOptions {
  readonly count: number;
  /** `127.0.0.1:PORT` */
  readonly listen: string;
  /** Where the backends listen, each on an address of its own. */
  readonly backendPort: number;
  /** Which reads it. */
  readonly nginx: NginxUnderTest;
}

/** The address of a Service: one of loopback, as each Service of a cluster has one of its own. */
export const backendAddress = (index: number): string =>
  `127.${64 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}`;

/** Services as the generator keeps them; each call makes new objects, so that nothing of an earlier pass is known. */
export const serviceRecords = (count: number, port: number): readonly ServiceRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    namespace: "default",
    name: serviceName(index),
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    createdAtMs: 1_700_000_000_000 + index * 1000,
    type: "ClusterIP",
    clusterIP: backendAddress(index),
    ports: [{ name: "http", port, protocol: "TCP", appProtocol: null }],
    settings: [
      { key: "expose", value: "true" },
      { key: "host", value: firstHost(index) },
    ],
  }));

/** The settings of a generator that is given none but `HTTP_LISTEN`, `NGINX_VERSION`, `ACCESS_LOG=off` and `UPSTREAM_HEADERS`. */
export const configurationOptions = (listen: string, isRecentNginx: boolean): Parameters<typeof configure>[1] => ({
  keyPrefix: "hotroute.io/",
  selectorKeys: new Set(["expose"]),
  class: null,
  listens: parseListenList(listen) ?? [],
  trustedProxies: [],
  isGrpcAvailable: true,
  isRecentNginx,
  accessLog: "off",
  upstreamHeaders: allUpstreamHeaders,
  upstreamCaFile: null,
});

/** hotroute's default.conf. */
export const hotrouteConf = ({ count, listen, backendPort, nginx }: SiteOptions): string =>
  configure(serviceRecords(count, backendPort), configurationOptions(listen, isNginxAtLeast(nginx, "1.29.6"))).text;

/**
 * What a configuration written by hand sends upstream.
 * - `usual`: the four headers that guides name
 * - `same`: what hotroute sends, as briefly as it can be said by hand for port 80
 */
export type HeadersByHand = "usual" | "same";

const directivesByHand: Readonly<Record<HeadersByHand, readonly string[]>> = {
  usual: [
    "proxy_http_version 1.1",
    'proxy_set_header Connection ""',
    "proxy_set_header Host $host",
    "proxy_set_header X-Real-IP $remote_addr",
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
    "proxy_set_header X-Forwarded-Proto $scheme",
  ],
  same: [
    "proxy_http_version 1.1",
    "proxy_set_header Connection $connection_upgrade",
    "proxy_set_header Upgrade $http_upgrade",
    "proxy_set_header Host $host",
    "proxy_set_header X-Real-IP $remote_addr",
    "proxy_set_header X-Forwarded-For $remote_addr",
    "proxy_set_header X-Forwarded-Proto $scheme",
    "proxy_set_header X-Forwarded-Host $host",
    "proxy_set_header X-Forwarded-Port 80",
    "proxy_set_header X-Forwarded-Scheme $scheme",
    "proxy_set_header X-Scheme $scheme",
    "proxy_set_header X-Request-ID $request_id",
  ],
};

/** An upstream and a server block for each host, as they are written by hand; with one host: nginx tuned by hand. */
export const handWrittenConf = (
  { count, listen, backendPort }: SiteOptions,
  headers: HeadersByHand = "usual",
): string => {
  const directives = directivesByHand[headers].map((directive) => `        ${directive};\n`).join("");
  const blocks = Array.from(
    { length: count },
    (_, index) => `upstream ${serviceName(index)} {
    server ${backendAddress(index)}:${backendPort};
    keepalive 32;
}
server {
    listen ${listen};
    server_name ${firstHost(index)};
    location / {
        proxy_pass http://${serviceName(index)};
${directives}    }
}
`,
  );
  const hashes = "server_names_hash_max_size 65536;\nserver_names_hash_bucket_size 128;\n";
  const upgrade = 'map $http_upgrade $connection_upgrade {\n    default upgrade;\n    "" "";\n}\n';
  return `${hashes}${headers === "same" ? upgrade : ""}${blocks.join("")}`;
};

/** The most that nginx can do: no upstream at all. */
export const return200Conf = (listen: string): string =>
  `server {\n    listen ${listen};\n    location / { return 200 "ok\\n"; }\n}\n`;
