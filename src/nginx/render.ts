import { withFooter } from "../contract/footer.ts";
import { defaultBehaviour, type RouteBehaviour } from "../routes/behaviour.ts";
import { areSame, memoize } from "../routes/memoize.ts";
import type { Action, Location, Site, VirtualServer } from "../routes/site.ts";
import type { Cidr } from "../routes/values/cidr.ts";
import { type Host, isWildcard } from "../routes/values/host.ts";
import { type AccessLog, accessLogDirectives } from "./access-log.ts";
import { originMap } from "./cors.ts";
import { hashSizes } from "./hash-sizes.ts";
import { limitZones } from "./limits.ts";
import type { ListenValue } from "./listen.ts";
import { type LocationOptions, locationDirectives, type UpstreamCa } from "./location.ts";
import { builtInTemplate } from "./partials.ts";
import { proxyHeaders, setHeader } from "./proxy-headers.ts";
import type { LocationAction, LocationView, OriginMapView, ServerView, SiteTemplate, SiteView } from "./site-view.ts";

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

/**
 * A host as `server_name` takes it. nginx's own `*.` takes any depth, Ingress's takes one label: an expression says so.
 */
const serverName = (host: Host): string =>
  isWildcard(host) ? `~^[a-z0-9_-]+\\.${host.slice(2).replaceAll(".", "\\.")}$` : host;

const locationBody = (directives: readonly string[]): string =>
  directives.length === 1
    ? `{ ${directives[0]} }`
    : `{\n${directives.map((line) => `        ${line}\n`).join("")}    }`;

const locationAction = (action: Action): LocationAction =>
  action.kind === "proxy" ? (action.behaviour.answer?.kind ?? "proxy") : action.kind;

const locationOptions = ({ upstreamCaFile, trustedProxies }: RenderOptions): LocationOptions => ({
  upstreamCa: upstreamCaFile,
  believesProxies: trustedProxies.length > 0,
});

const locationView = (location: Location, options: LocationOptions): LocationView => {
  const { match, path, action } = location;
  const directives = locationDirectives(location, options);
  return {
    match,
    path,
    pattern: match === "exact" ? `= ${path}` : path,
    action: locationAction(action),
    upstream: action.kind === "proxy" ? action.upstream : null,
    directives,
    body: locationBody(directives),
  };
};

/** The same views for the same servers, so that a template may keep what it made of them. */
const serverViewer = (options: RenderOptions) => {
  const { listens } = options;
  const ofLocations = locationOptions(options);
  const known = new WeakMap<readonly Location[], ServerView>();
  return ({ hosts, locations }: VirtualServer): ServerView => {
    const view = known.get(locations);
    if (view !== undefined && areSame(view.hosts, hosts)) return view;
    const made = {
      hosts,
      serverNames: hosts.map(serverName),
      listens,
      locations: locations.map((location) => locationView(location, ofLocations)),
    };
    known.set(locations, made);
    return made;
  };
};

const viewerOf = memoize(serverViewer);

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

const collectOriginMaps = (behaviours: readonly RouteBehaviour[]): readonly OriginMapView[] => {
  const maps = new Map<string, OriginMapView>();
  for (const { cors } of behaviours) {
    if (cors === null) continue;
    // Any origin needs no map of its own, but the one that knows a preflight.
    const map = originMap(cors) ?? { variable: null, patterns: [] };
    maps.set(map.variable ?? "", map);
  }
  return [...maps.keys()].sort().flatMap((name) => maps.get(name) ?? []);
};

/** What a template is given of a Site. Pure. */
export const viewSite = (site: Site, options: RenderOptions): SiteView => {
  const ofLocations = locationOptions(options);
  const behaviours = collectBehaviours(site);
  const exactHosts = site.servers.flatMap(({ hosts }) => hosts.filter((host) => !isWildcard(host)));
  return {
    serverNamesHash: exactHosts.length === 0 ? null : hashSizes(exactHosts),
    trustedProxies: options.trustedProxies,
    listens: options.listens,
    accessLog: accessLogDirectives(options.accessLog),
    proxyHeaders: proxyHeaders(ofLocations.believesProxies).map((header) => setHeader(header)),
    hasGrpc: site.upstreams.some(({ protocol }) => protocol === "GRPC" || protocol === "GRPCS"),
    originMaps: collectOriginMaps(behaviours),
    limitZones: limitZones(behaviours),
    upstreams: site.upstreams,
    defaultServer: { locations: site.defaultServer.locations.map((location) => locationView(location, ofLocations)) },
    servers: site.servers.map(viewerOf(options)),
  };
};

/**
 * Renders `default.conf`, footer included. Pure: the same Site, options and template give the same bytes.
 * It belongs in nginx's `http` context.
 *
 * @throws TemplateError where a template of the user's own cannot be applied
 */
export const renderSite = (site: Site, options: RenderOptions, template: SiteTemplate = builtInTemplate): string =>
  withFooter(template.render(viewSite(site, options)));
