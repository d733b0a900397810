import { memoize } from "../routes/memoize.ts";
import type { Upstream } from "../routes/route.ts";
import type { Location, VirtualServer } from "../routes/site.ts";
import type { LocationOptions } from "./location.ts";
import { builtInParts } from "./partials.ts";
import { isNotFound, locationView, serverViews } from "./server-view.ts";
import { createSharedPieces } from "./shared-pieces.ts";
import type { SharedServer } from "./shared-servers.ts";
import type { HeadView } from "./site-view.ts";

/** A site in chunks, as the built-in template takes it. */
export interface ChunkedSite {
  readonly head: HeadView;
  readonly upstreams: readonly (readonly Upstream[])[];
  readonly sharedServers: readonly SharedServer[];
  readonly defaultServer: readonly Location[];
  readonly servers: readonly (readonly VirtualServer[])[];
}

/** The text of the built-in template for a site, in UTF-8 and in pieces; those of the chunks of the last time are kept. */
export type PieceRenderer = (site: ChunkedSite) => readonly Uint8Array[];

/** What the template says before the first upstream is for all of them. */
const splitUpstreams = (upstreams: readonly Upstream[]): readonly [before: string, blocks: string] => {
  const text = builtInParts.upstreams({ upstreams });
  const start = text.indexOf(`upstream ${upstreams[0]?.name} {`);
  return [text.slice(0, start), text.slice(start)];
};

export const createPieceRenderer = (options: LocationOptions, listens: readonly string[]): PieceRenderer => {
  const upstreamBlocks = memoize((chunk: readonly Upstream[]) => Buffer.from(splitUpstreams(chunk)[1]));
  const serverBlocks = (othersAreNotFound: boolean) =>
    memoize((chunk: readonly VirtualServer[]) => {
      const servers = chunk.flatMap((server) => serverViews(server, listens, options, othersAreNotFound));
      return Buffer.from(builtInParts.servers({ servers }));
    });
  const [besideNothing, besideRoutes] = [serverBlocks(true), serverBlocks(false)];
  const shared = createSharedPieces(options, listens);
  return ({ head, upstreams, sharedServers, defaultServer, servers }) => {
    const first = upstreams[0]?.slice(0, 1) ?? [];
    const locations = defaultServer.map((location) => locationView(location, options));
    return [
      Buffer.from(builtInParts.head(head) + (first.length === 0 ? "" : splitUpstreams(first)[0])),
      ...upstreams.map(upstreamBlocks),
      ...shared(sharedServers, head.namesShared),
      Buffer.from(builtInParts.defaultServer({ listens, defaultServer: { locations } })),
      ...servers.map(isNotFound(defaultServer) ? besideNothing : besideRoutes),
    ];
  };
};
