import { type SealedFile, sealFile } from "../contract/footer.ts";
import { type Chunker, createChunker } from "../routes/chunks.ts";
import { memoize } from "../routes/memoize.ts";
import type { Upstream } from "../routes/route.ts";
import type { Location, Site, VirtualServer } from "../routes/site.ts";
import type { Cidr } from "../routes/values/cidr.ts";
import { type AccessLog, accessLogDirectives, namesUpstreams } from "./access-log.ts";
import { type ChunkedSite, createPieceRenderer } from "./built-in-pieces.ts";
import { hashSizes } from "./hash-sizes.ts";
import { addNeeds, needsOf, viewNeeds } from "./http-level.ts";
import type { ListenValue } from "./listen.ts";
import type { LocationOptions, UpstreamCa } from "./location.ts";
import { builtInTemplate } from "./partials.ts";
import { proxyHeaders, setHeader, type UpstreamHeader } from "./proxy-headers.ts";
import { isNotFound, locationView, serverViews, sharedServerView } from "./server-view.ts";
import { createSharing, type Layout, type SharedServer } from "./shared-servers.ts";
import type { SiteTemplate, SiteView } from "./site-view.ts";

/** What the configuration holds beside the Site. */
export interface RenderOptions {
  /** Where nginx takes requests; at least one. */
  readonly listens: readonly ListenValue[];
  /** Whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly Cidr[];
  /** What the certificates of HTTPS upstreams are checked against. */
  readonly upstreamCaFile: UpstreamCa;
  readonly accessLog: AccessLog;
  /** What backends are told of a request beside its Host. */
  readonly upstreamHeaders: readonly UpstreamHeader[];
  /**
   * Whether nginx is known to be 1.29.6 or later: it has `$request_port`, and takes the server of an upstream group that it is
   * told to (`sticky route`).
   */
  readonly isRecentNginx: boolean;
}

const locationOptions = ({ upstreamCaFile, trustedProxies, upstreamHeaders }: RenderOptions): LocationOptions => ({
  upstreamCa: upstreamCaFile,
  proxyHeaders: proxyHeaders({ believesProxies: trustedProxies.length > 0, upstreamHeaders }),
});

const hasGrpc = memoize((upstreams: readonly Upstream[]) =>
  upstreams.some(({ protocol }) => protocol === "GRPC" || protocol === "GRPCS"),
);
const needsOfChunk = memoize(needsOf);

const layOutAlone = ({ upstreams, servers }: Site): Layout => ({ upstreams, servers, sharedServers: [] });

/** Splits sites, which mostly are much like the last one. */
const createSiteChunker = (options: RenderOptions): ((site: Site, isSharing: boolean) => ChunkedSite) => {
  const chunkUpstreams: Chunker<Upstream> = createChunker();
  const chunkAll: Chunker<VirtualServer> = createChunker();
  const chunkAlone: Chunker<VirtualServer> = createChunker();
  const share = createSharing();
  const { trustedProxies, listens, accessLog } = options;
  const fixed = {
    trustedProxies,
    listens,
    hasRequestPort: options.isRecentNginx,
    proxyHeaders: locationOptions(options).proxyHeaders.map((header) => setHeader(header)),
  };
  return (site, isSharing) => {
    const { locations } = site.defaultServer;
    const all = chunkAll(site.servers);
    const needs = addNeeds(all.map(needsOfChunk), locations);
    const layout = isSharing && options.isRecentNginx ? share(site, all) : layOutAlone(site);
    const upstreams = chunkUpstreams(layout.upstreams);
    const { sharedServers } = layout;
    const isShared = sharedServers.length > 0;
    const namesShared = isShared && namesUpstreams(accessLog);
    return {
      head: {
        ...fixed,
        ...viewNeeds(needs),
        mapHash: isShared ? hashSizes({ count: needs.namedHosts, longest: needs.longestHost }) : null,
        accessLog: accessLogDirectives(accessLog, namesShared),
        namesShared,
        hasGrpc: upstreams.some(hasGrpc),
      },
      upstreams,
      servers: layout.servers === site.servers ? all : chunkAlone(layout.servers),
      sharedServers,
      defaultServer: locations,
    };
  };
};

/** What a template of the user's own is given. */
const createViewer = (options: RenderOptions): ((site: ChunkedSite, template: SiteTemplate) => SiteView) => {
  const ofLocations = locationOptions(options);
  const { listens } = options;
  const viewLocation = (location: Location) => locationView(location, ofLocations);
  const viewServers = (othersAreNotFound: boolean) =>
    memoize((chunk: readonly VirtualServer[]) =>
      chunk.flatMap((server) => serverViews(server, listens, ofLocations, othersAreNotFound)),
    );
  const [besideNothing, besideRoutes] = [viewServers(true), viewServers(false)];
  const viewShared = memoize((server: SharedServer) => sharedServerView(server, listens, ofLocations));
  return ({ head, upstreams, sharedServers, defaultServer, servers }, { answersOthers }) => ({
    ...head,
    upstreams: upstreams.flat(),
    sharedServers: sharedServers.map(viewShared),
    defaultServer: { locations: defaultServer.map(viewLocation) },
    servers: servers.flatMap(answersOthers && isNotFound(defaultServer) ? besideNothing : besideRoutes),
  });
};

const rendererOf = memoize((options: RenderOptions) => {
  const chunk = createSiteChunker(options);
  const view = createViewer(options);
  const renderBuiltIn = createPieceRenderer(locationOptions(options), options.listens);
  return (site: Site, template: SiteTemplate): SealedFile => {
    const chunked = chunk(site, template.sharesServers);
    if (template.render === builtInTemplate.render) return sealFile(renderBuiltIn(chunked));
    const text = template.render(view(chunked, template));
    // A template may name the partial where it is not always used: no host is to be lost by that.
    const isWhole = chunked.sharedServers.every(({ name }) => text.includes(`upstream ${name} {`));
    return sealFile([Buffer.from(isWhole ? text : template.render(view(chunk(site, false), template)))]);
  };
});

/**
 * Renders `default.conf`, footer included. Pure: the same Site, options and template give the same bytes.
 * It belongs in nginx's `http` context.
 *
 * @throws TemplateError where a template of the user's own cannot be applied
 */
export const renderSite = (site: Site, options: RenderOptions, template: SiteTemplate): SealedFile =>
  rendererOf(options)(site, template);
