import { accessLogExpected, parseAccessLog } from "../nginx/access-log.ts";
import type { ConfigurationOptions } from "../nginx/configuration.ts";
import { listenExpected, parseListenList } from "../nginx/listen.ts";
import { allUpstreamHeaders, parseUpstreamHeaders, upstreamHeadersExpected } from "../nginx/proxy-headers.ts";
import type { TemplateSource } from "../nginx/template.ts";
import { type Cidr, cidrExpected, parseCidr } from "../routes/values/cidr.ts";
import { classExpected, parseClassName } from "../routes/values/class-name.ts";
import type { Parsed, SettingsReader } from "./environment.ts";
import { type HostPolicyFile, parseHostPolicySetting } from "./host-policy.ts";
import { parseNamespaces } from "./namespaces.ts";
import { parseTemplateSetting } from "./template.ts";

/** What init and the generator must agree on, or one would overwrite what the other wrote. */
export interface RoutingSettings {
  /** Which Services are hotroute's: a label selector, applied by the API server. */
  readonly serviceSelector: string;
  /** The namespaces whose Services are listed and watched; null: all. */
  readonly namespaces: readonly string[] | null;
  /** Which namespace may claim which hosts, as the file said at the start; null: every one may claim every host. */
  readonly hostPolicy: HostPolicyFile | null;
  /** The template of the user's own, as its file was at the start; null: the built-in one. */
  readonly template: TemplateSource | null;
  readonly configuration: ConfigurationOptions;
}

const orExpected = <T>(value: T | null, expected: string): Parsed<T> =>
  value === null ? { ok: false, expected } : { ok: true, value };

const parseKeyPrefix = (raw: string): Parsed<string> => {
  const subdomain = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*\/$/;
  return raw.length <= 254 && subdomain.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: "a DNS name and a slash (hotroute.io/)" };
};

const parseTrustedProxies = (raw: string): Parsed<readonly Cidr[]> => {
  const cidrs: Cidr[] = [];
  for (const element of raw.split(",")) {
    const cidr = parseCidr(element.trim());
    if (cidr === null) return { ok: false, expected: `a comma list, each ${cidrExpected}` };
    cidrs.push(cidr);
  }
  return { ok: true, value: [...new Set(cidrs)] };
};

// The API server has the last word on a selector; this only keeps line breaks and the like out of URLs and logs.
const parseSelector = (raw: string): Parsed<string> =>
  /^[\w\-./=!, ()]+$/.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: "a label selector (hotroute.io/expose=true,tier in (web,api))" };

/** The keys under the prefix that a selector names, the prefix cut off. */
const selectorKeys = (selector: string, keyPrefix: string): ReadonlySet<string> =>
  new Set(
    selector
      .split(/[\s,()!=]+/)
      .filter((part) => part.startsWith(keyPrefix))
      .map((part) => part.slice(keyPrefix.length)),
  );

/** As one number, which grows with the version. */
const nginxVersion = (major: number, minor: number, patch: number): number => major * 1e6 + minor * 1e3 + patch;
/** Since then `http2` is a directive of its own, and HTTP/1.1 goes on beside it. Source: nginx CHANGES. */
const firstWithGrpc = nginxVersion(1, 25, 1);
/** Since then there are `sticky`, and `route` and `drain` of an upstream's server. Source: nginx CHANGES. */
const firstRecent = nginxVersion(1, 29, 6);
/** What is taken for granted of an nginx that nobody tells of: what it does not know, it would refuse the whole file for. */
const assumedVersion = firstWithGrpc;

const parseNginxVersion = (raw: string): Parsed<number> => {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(raw);
  if (match === null) return { ok: false, expected: "a version of nginx (1.30 or 1.22.1)" };
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return { ok: true, value: nginxVersion(major, minor, patch) };
};

// It is nginx that reads the file, in another container perhaps: only its name is looked at here.
const parseFilePath = (raw: string): Parsed<string> =>
  /^\/[\w\-./]{1,4000}$/.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: "an absolute path of letters, digits and - . _ /" };

const defaultListens = parseListenList("8080") ?? [];

/**
 * Reads `SERVICE_SELECTOR`, `NAMESPACES`, `HOST_POLICY` and `TEMPLATE_FILE` with their files, `KEY_PREFIX`,
 * `CLASS`, `HTTP_LISTEN`, `TRUSTED_PROXIES`, `NGINX_VERSION`, `ACCESS_LOG`, `UPSTREAM_HEADERS` and `UPSTREAM_CA_FILE`.
 */
export const readRoutingSettings = (reader: SettingsReader): RoutingSettings => {
  const keyPrefix = reader.parsed("KEY_PREFIX", "hotroute.io/", parseKeyPrefix);
  const version = reader.parsed("NGINX_VERSION", assumedVersion, parseNginxVersion);
  const serviceSelector = reader.parsed("SERVICE_SELECTOR", `${keyPrefix}expose=true`, parseSelector);
  return {
    serviceSelector,
    namespaces: reader.parsed("NAMESPACES", null, parseNamespaces),
    hostPolicy: reader.parsed("HOST_POLICY", null, parseHostPolicySetting),
    template: reader.parsed("TEMPLATE_FILE", null, parseTemplateSetting),
    configuration: {
      keyPrefix,
      selectorKeys: selectorKeys(serviceSelector, keyPrefix),
      class: reader.parsed("CLASS", null, (raw) => orExpected(parseClassName(raw), classExpected)),
      listens: reader.parsed("HTTP_LISTEN", defaultListens, (raw) => orExpected(parseListenList(raw), listenExpected)),
      trustedProxies: reader.parsed("TRUSTED_PROXIES", [], parseTrustedProxies),
      isGrpcAvailable: version >= firstWithGrpc,
      isRecentNginx: version >= firstRecent,
      accessLog: reader.parsed("ACCESS_LOG", "json", (raw) => orExpected(parseAccessLog(raw), accessLogExpected)),
      upstreamHeaders: reader.parsed("UPSTREAM_HEADERS", allUpstreamHeaders, (raw) =>
        orExpected(parseUpstreamHeaders(raw), upstreamHeadersExpected),
      ),
      upstreamCaFile: reader.parsed("UPSTREAM_CA_FILE", null, parseFilePath),
    },
  };
};
