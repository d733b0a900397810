import { backendAddress, type SiteOptions } from "./configurations.ts";
import { firstHost, serviceName } from "./hosts.ts";

/**
 * What a configuration written by hand sends upstream.
 * - `usual`: the four headers that guides name
 * - `same`: what hotroute sends, as briefly as it can be said by hand for port 80
 */
export type HeadersByHand = "usual" | "same";

/** Directives without their semicolon. */
export const directivesByHand: Readonly<Record<HeadersByHand, readonly string[]>> = {
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

/** What `same` needs at the level of http. */
export const upgradeByHand = 'map $http_upgrade $connection_upgrade {\n    default upgrade;\n    "" "";\n}\n';

/** What many hosts need at the level of http. */
export const hashesByHand = "server_names_hash_max_size 65536;\nserver_names_hash_bucket_size 128;\n";

export const upstreamByHand = (index: number, backendPort: number): string =>
  `upstream ${serviceName(index)} {\n    server ${backendAddress(index)}:${backendPort};\n    keepalive 32;\n}\n`;

/** An upstream and a server block for each host, as they are written by hand; with one host: nginx tuned by hand. */
export const handWrittenConf = (
  { count, listen, backendPort }: SiteOptions,
  headers: HeadersByHand = "usual",
): string => {
  const directives = directivesByHand[headers].map((directive) => `        ${directive};\n`).join("");
  const blocks = Array.from(
    { length: count },
    (_, index) => `${upstreamByHand(index, backendPort)}server {
    listen ${listen};
    server_name ${firstHost(index)};
    location / {
        proxy_pass http://${serviceName(index)};
${directives}    }
}
`,
  );
  return `${hashesByHand}${headers === "same" ? upgradeByHand : ""}${blocks.join("")}`;
};

/** The most that nginx can do: no upstream at all. */
export const return200Conf = (listen: string): string =>
  `server {\n    listen ${listen};\n    location / { return 200 "ok\\n"; }\n}\n`;
