import type { ConfigurationOptions } from "../../src/nginx/configuration.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { parseCidr } from "../../src/routes/values/cidr.ts";
import { directivesByHand, hashesByHand, upgradeByHand, upstreamByHand } from "./by-hand.ts";
import { serviceRecord } from "./configurations.ts";
import { firstHost, serviceName } from "./hosts.ts";
import type { WrkRequest } from "./wrk.ts";

/** A kind of routes, as hotroute is told of them and as nginx is by hand. */
export interface Shape {
  readonly name: string;
  readonly services: readonly ServiceRecord[];
  readonly options: Partial<ConfigurationOptions>;
  /** For the Service that is asked, with the headers that hotroute sends. @param listen `127.0.0.1:PORT` */
  readonly byHand: (listen: string) => string;
  /** Whether nginx is told by hand to do all that hotroute does. */
  readonly isSameWork: boolean;
  /** Asks the last Service. */
  readonly request: Omit<WrkRequest, "port">;
}

export interface ShapeOptions {
  /** How many Services there are. */
  readonly count: number;
  readonly backendPort: number;
}

const sent = directivesByHand.same.map((directive) => `${directive};\n`).join("");

const serverByHand = (listen: string, serverName: string, body: string): string =>
  `server {\n    listen ${listen};\n    server_name ${serverName};\n${body}}\n`;

const everyService = (
  { count, backendPort }: ShapeOptions,
  settings: (index: number) => Readonly<Record<string, string>>,
): readonly ServiceRecord[] =>
  Array.from({ length: count }, (_, index) => serviceRecord(index, backendPort, settings(index)));

const loopback = parseCidr("127.0.0.0/8");
if (loopback === null) throw new Error("127.0.0.0/8 is no range");

/** What is measured beside hosts of one Service each. */
export const shapesOf = (site: ShapeOptions): readonly Shape[] => {
  const { count, backendPort } = site;
  const last = count - 1;
  const [host, name] = [firstHost(last), serviceName(last)];
  const proxied = `proxy_pass http://${name};`;
  const upstream = upstreamByHand(last, backendPort);
  const plain = { host, path: "/", headers: {} };
  const head = `${hashesByHand}${upgradeByHand}${sent}`;
  return [
    {
      name: "paths of one host",
      services: everyService(site, (index) => ({ host: "example.com", path: `/${serviceName(index)}` })),
      options: {},
      isSameWork: true,
      byHand: (listen) =>
        head +
        Array.from({ length: count }, (_, index) => upstreamByHand(index, backendPort)).join("") +
        serverByHand(
          listen,
          "example.com",
          Array.from({ length: count }, (_, index) => {
            const [path, body] = [`/${serviceName(index)}`, `{ proxy_pass http://${serviceName(index)}; }`];
            return `    location = ${path} ${body}\n    location ${path}/ ${body}\n`;
          }).join(""),
        ),
      request: { host: "example.com", path: `/${name}/a`, headers: {} },
    },
    {
      name: "hosts with `strip-prefix`",
      services: everyService(site, (index) => ({ host: firstHost(index), path: "/api", "strip-prefix": "true" })),
      options: {},
      isSameWork: true,
      byHand: (listen) =>
        `${head}${upstream}${serverByHand(listen, host, `    location /api/ { proxy_pass http://${name}/; }\n`)}`,
      request: { host, path: "/api/a", headers: {} },
    },
    {
      name: "hosts with source ranges, `request-headers` and `response-headers`",
      services: everyService(site, (index) => ({
        host: firstHost(index),
        "whitelist-source-range": "10.0.0.0/8, 127.0.0.0/8",
        "request-headers": '{"X-Team": "shop"}',
        "response-headers": '{"X-Frame-Options": "DENY"}',
      })),
      options: {},
      isSameWork: true,
      byHand: (listen) =>
        `${head}${upstream}${serverByHand(
          listen,
          host,
          `    location / {
        allow 10.0.0.0/8;
        allow 127.0.0.0/8;
        deny all;
        ${sent.replaceAll("\n", "\n        ")}proxy_set_header X-Team shop;
        proxy_hide_header X-Frame-Options;
        add_header X-Frame-Options DENY always;
        ${proxied}
    }
`,
        )}`,
      request: plain,
    },
    {
      name: "hosts behind a proxy that is believed (`TRUSTED_PROXIES`; by hand everybody is)",
      services: everyService(site, (index) => ({ host: firstHost(index) })),
      options: { trustedProxies: [loopback] },
      // Nobody checks by hand who says it, and whether it is well-formed.
      isSameWork: false,
      byHand: (listen) => `${hashesByHand}${upgradeByHand}set_real_ip_from 127.0.0.0/8;
real_ip_header X-Forwarded-For;
real_ip_recursive on;
${sent
  .replaceAll("$scheme", "$http_x_forwarded_proto")
  .replace(
    "X-Forwarded-Port 80",
    "X-Forwarded-Port $http_x_forwarded_port",
  )}${upstream}${serverByHand(listen, host, `    location / { ${proxied} }\n`)}`,
      request: {
        host,
        path: "/",
        headers: { "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443" },
      },
    },
    {
      name: "wildcard hosts of one label (by hand of any depth)",
      services: everyService(site, (index) => ({ host: `*.${firstHost(index)}` })),
      options: {},
      isSameWork: false,
      byHand: (listen) => `${head}${upstream}${serverByHand(listen, `*.${host}`, `    location / { ${proxied} }\n`)}`,
      request: { ...plain, host: `a.${host}` },
    },
  ];
};
