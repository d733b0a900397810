import { type ConfigurationOptions, configure } from "../../src/nginx/configuration.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { allUpstreamHeaders } from "../../src/nginx/proxy-headers.ts";
import { describeProblem } from "../../src/routes/problem.ts";
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

/** A Service as the generator keeps it; each call makes a new object, so that nothing of an earlier pass is known. */
export const serviceRecord = (
  index: number,
  port: number,
  settings: Readonly<Record<string, string>>,
): ServiceRecord => ({
  namespace: "default",
  name: serviceName(index),
  uid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  createdAtMs: 1_700_000_000_000 + index * 1000,
  type: "ClusterIP",
  clusterIP: backendAddress(index),
  ports: [{ name: "http", port, protocol: "TCP", appProtocol: null }],
  settings: Object.entries({ expose: "true", ...settings }).map(([key, value]) => ({ key, value })),
});

/** Services with a host each. */
export const serviceRecords = (count: number, port: number): readonly ServiceRecord[] =>
  Array.from({ length: count }, (_, index) => serviceRecord(index, port, { host: firstHost(index) }));

/** The settings of a generator that is given none but `HTTP_LISTEN`, `NGINX_VERSION` and `ACCESS_LOG=off`. */
export const configurationOptions = (listen: string, isRecentNginx: boolean): ConfigurationOptions => ({
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

/** hotroute's default.conf for any Services, with settings of one's own. */
export const hotrouteConfOf = (
  services: readonly ServiceRecord[],
  { listen, nginx }: Pick<SiteOptions, "listen" | "nginx">,
  options: Partial<ConfigurationOptions> = {},
): string => {
  const { text, problems } = configure(services, {
    ...configurationOptions(listen, isNginxAtLeast(nginx, "1.29.6")),
    ...options,
  });
  const [problem] = problems;
  if (problem !== undefined) throw new Error(describeProblem(problem));
  return text;
};

/** hotroute's default.conf for Services with a host each. */
export const hotrouteConf = (site: SiteOptions, options: Partial<ConfigurationOptions> = {}): string =>
  hotrouteConfOf(serviceRecords(site.count, site.backendPort), site, options);
