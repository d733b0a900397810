import type HandlebarsModule from "handlebars";
import untypedRuntime from "handlebars/runtime.js";
import { withFooter } from "../contract/footer.ts";
import { defaultBehaviour, type RouteBehaviour } from "../routes/behaviour.ts";
import type { Location, Site } from "../routes/site.ts";
import type { Cidr } from "../routes/values/cidr.ts";
import { type Host, isWildcard } from "../routes/values/host.ts";
import { type AccessLog, accessLogDirectives } from "./access-log.ts";
import { type OriginMap, originMap } from "./cors.ts";
import { template } from "./default.conf.generated.ts";
import { hashSizes } from "./hash-sizes.ts";
import { limitZones } from "./limits.ts";
import type { ListenValue } from "./listen.ts";
import { locationDirectives, type UpstreamCa } from "./location.ts";
import { proxyHeaders, setHeader } from "./proxy-headers.ts";

/** What the configuration holds beside the Site. */
export interface RenderOptions {
  /** Where nginx takes requests; at least one. */
  readonly listens: readonly ListenValue[];
  /** Whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly Cidr[];
  /** What the certificates of HTTPS upstreams are checked against. */
  readonly upstreamCaFile: UpstreamCa;
  readonly accessLog: AccessLog;
}

// The runtime alone is a tenth of the package; its own type declarations say nothing of what it exports.
const runtime = untypedRuntime as unknown as Pick<typeof HandlebarsModule, "template">;
const renderBuiltIn = runtime.template<object>(template);

/**
 * A host as `server_name` takes it. nginx's own `*.` takes any depth, Ingress's takes one label: an expression says so.
 */
const serverName = (host: Host): string =>
  isWildcard(host) ? `~^[a-z0-9_-]+\\.${host.slice(2).replaceAll(".", "\\.")}$` : host;

const locationBody = (directives: readonly string[]): string =>
  directives.length === 1
    ? `{ ${directives[0]} }`
    : `{\n${directives.map((line) => `        ${line}\n`).join("")}    }`;

const locationView = (location: Location, ca: UpstreamCa) => ({
  pattern: location.match === "exact" ? `= ${location.path}` : location.path,
  body: locationBody(locationDirectives(location, ca)),
});

/** How the Site's routes are served, as far as it needs something at the level of `http`. */
const collectBehaviours = (site: Site): readonly RouteBehaviour[] => {
  const behaviours = new Set<RouteBehaviour>();
  for (const { locations } of [...site.servers, site.defaultServer]) {
    for (const { action } of locations) {
      if (action.kind === "proxy" && action.behaviour !== defaultBehaviour) behaviours.add(action.behaviour);
    }
  }
  return [...behaviours];
};

const collectOriginMaps = (
  behaviours: readonly RouteBehaviour[],
): readonly (OriginMap | { readonly variable: null })[] => {
  const maps = new Map<string, OriginMap | { readonly variable: null }>();
  for (const { cors } of behaviours) {
    if (cors === null) continue;
    // Any origin needs no map of its own, but the one that knows a preflight.
    const map = originMap(cors) ?? { variable: null };
    maps.set(map.variable ?? "", map);
  }
  return [...maps.keys()].sort().flatMap((name) => maps.get(name) ?? []);
};

/**
 * Renders `default.conf`, footer included. Pure: the same Site and options give the same bytes.
 * It belongs in nginx's `http` context.
 */
export const renderSite = (site: Site, options: RenderOptions): string => {
  const { upstreamCaFile: ca } = options;
  const behaviours = collectBehaviours(site);
  const exactHosts = site.servers.flatMap(({ hosts }) => hosts.filter((host) => !isWildcard(host)));
  return withFooter(
    renderBuiltIn({
      serverNamesHash: exactHosts.length === 0 ? null : hashSizes(exactHosts),
      trustedProxies: options.trustedProxies,
      listens: options.listens,
      accessLog: accessLogDirectives(options.accessLog),
      proxyHeaders: proxyHeaders.map((header) => setHeader(header)),
      hasGrpc: site.upstreams.some(({ protocol }) => protocol === "GRPC" || protocol === "GRPCS"),
      originMaps: collectOriginMaps(behaviours),
      limitZones: limitZones(behaviours),
      upstreams: site.upstreams,
      defaultServer: { locations: site.defaultServer.locations.map((location) => locationView(location, ca)) },
      servers: site.servers.map(({ hosts, locations }) => ({
        serverNames: hosts.map(serverName),
        locations: locations.map((location) => locationView(location, ca)),
      })),
    }),
  );
};
