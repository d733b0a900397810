import { type SealedFile, sealFile } from "../contract/footer.ts";
import { type Chunker, createChunker } from "../routes/chunks.ts";
import { memoize } from "../routes/memoize.ts";
import type { Upstream } from "../routes/route.ts";
import type { Location, Site, VirtualServer } from "../routes/site.ts";
import type { Cidr } from "../routes/values/cidr.ts";
import { type AccessLog, accessLogDirectives } from "./access-log.ts";
import { type ChunkedSite, createPieceRenderer } from "./built-in-pieces.ts";
import { addNeeds, needsOf, viewNeeds } from "./http-level.ts";
import type { ListenValue } from "./listen.ts";
import type { LocationOptions, UpstreamCa } from "./location.ts";
import { builtInTemplate } from "./partials.ts";
import { proxyHeaders, setHeader } from "./proxy-headers.ts";
import { locationView, serverView } from "./server-view.ts";
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
}

const locationOptions = ({ upstreamCaFile, trustedProxies }: RenderOptions): LocationOptions => ({
  upstreamCa: upstreamCaFile,
  believesProxies: trustedProxies.length > 0,
});

const hasGrpc = memoize((upstreams: readonly Upstream[]) =>
  upstreams.some(({ protocol }) => protocol === "GRPC" || protocol === "GRPCS"),
);
const needsOfChunk = memoize(needsOf);

/** Splits sites, which mostly are much like the last one. */
const createSiteChunker = (options: RenderOptions): ((site: Site) => ChunkedSite) => {
  const chunkUpstreams: Chunker<Upstream> = createChunker();
  const chunkServers: Chunker<VirtualServer> = createChunker();
  const fixed = {
    trustedProxies: options.trustedProxies,
    listens: options.listens,
    accessLog: accessLogDirectives(options.accessLog),
    proxyHeaders: proxyHeaders(locationOptions(options).believesProxies).map((header) => setHeader(header)),
  };
  return (site) => {
    const [upstreams, servers] = [chunkUpstreams(site.upstreams), chunkServers(site.servers)];
    const { locations } = site.defaultServer;
    const needs = addNeeds(servers.map(needsOfChunk), locations);
    return {
      head: { ...fixed, ...viewNeeds(needs), hasGrpc: upstreams.some(hasGrpc) },
      upstreams,
      servers,
      defaultServer: locations,
    };
  };
};

/** What a template of the user's own is given. */
const createViewer = (options: RenderOptions): ((site: ChunkedSite) => SiteView) => {
  const ofLocations = locationOptions(options);
  const { listens } = options;
  const viewLocation = (location: Location) => locationView(location, ofLocations);
  const viewServers = memoize((chunk: readonly VirtualServer[]) =>
    chunk.map((server) => serverView(server, listens, ofLocations)),
  );
  return ({ head, upstreams, defaultServer, servers }) => ({
    ...head,
    upstreams: upstreams.flat(),
    defaultServer: { locations: defaultServer.map(viewLocation) },
    servers: servers.flatMap(viewServers),
  });
};

const rendererOf = memoize((options: RenderOptions) => {
  const chunk = createSiteChunker(options);
  const view = createViewer(options);
  const renderBuiltIn = createPieceRenderer(locationOptions(options), options.listens);
  return (site: Site, template: SiteTemplate): SealedFile => {
    const chunked = chunk(site);
    return sealFile(
      template === builtInTemplate ? renderBuiltIn(chunked) : [Buffer.from(template.render(view(chunked)))],
    );
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
