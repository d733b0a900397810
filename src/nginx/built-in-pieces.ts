import { memoize } from "../routes/memoize.ts";
import type { Upstream } from "../routes/route.ts";
import type { Location, VirtualServer } from "../routes/site.ts";
import type { LocationOptions } from "./location.ts";
import { builtInParts } from "./partials.ts";
import { locationView, serverView, sharedServerView } from "./server-view.ts";
import type { SharedServer } from "./shared-servers.ts";
import type { HeadView, SharedServerView } from "./site-view.ts";

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

/** Nobody's: what is rendered of it alone is what stands around the lines of all. */
const noMembers: SharedServerView = {
  name: "",
  members: [],
  upstreams: [],
  serverNames: [],
  listens: [],
  locations: [],
  again: "",
};

/** Pieces of a block that holds lines of each shared server; none where the block is left out. */
const createBlockRenderer = (
  render: (sharedServers: readonly SharedServerView[]) => string,
  viewOf: (server: SharedServer) => SharedServerView,
): ((servers: readonly SharedServer[]) => readonly Uint8Array[]) => {
  const frame = render([noMembers]);
  const end = frame.lastIndexOf("}\n");
  const [open, close] = [Buffer.from(frame.slice(0, end)), Buffer.from(frame.slice(end))];
  const lines = memoize((server: SharedServer) => Buffer.from(render([viewOf(server)]).slice(end, end - frame.length)));
  return (servers) => (servers.length === 0 ? [] : [open, ...servers.map(lines), close]);
};

/** What the template says before the first shared server is for all of them. */
const splitShared = (server: SharedServerView): readonly [before: string, blocks: string] => {
  const text = builtInParts.sharedBlocks({ sharedServers: [server] });
  const start = text.indexOf(`\nupstream ${server.name} {`);
  return [text.slice(0, start), text.slice(start)];
};

export const createPieceRenderer = (options: LocationOptions, listens: readonly string[]): PieceRenderer => {
  const upstreamBlocks = memoize((chunk: readonly Upstream[]) => Buffer.from(splitUpstreams(chunk)[1]));
  const serverBlocks = memoize((chunk: readonly VirtualServer[]) =>
    Buffer.from(builtInParts.servers({ servers: chunk.map((server) => serverView(server, listens, options)) })),
  );
  const viewShared = memoize((server: SharedServer) => sharedServerView(server, listens, options));
  const addresses = createBlockRenderer((sharedServers) => builtInParts.sharedAddresses({ sharedServers }), viewShared);
  const names = createBlockRenderer(
    (sharedServers) => builtInParts.sharedNames({ sharedServers, namesShared: true }),
    viewShared,
  );
  const sharedBlocks = memoize((server: SharedServer) => Buffer.from(splitShared(viewShared(server))[1]));
  const shared = (servers: readonly SharedServer[], namesShared: boolean): readonly Uint8Array[] => {
    const [first] = servers;
    if (first === undefined) return [];
    return [
      ...addresses(servers),
      ...(namesShared ? names(servers) : []),
      Buffer.from(splitShared(viewShared(first))[0]),
      ...servers.map(sharedBlocks),
    ];
  };
  return ({ head, upstreams, sharedServers, defaultServer, servers }) => {
    const first = upstreams[0]?.slice(0, 1) ?? [];
    const locations = defaultServer.map((location) => locationView(location, options));
    return [
      Buffer.from(builtInParts.head(head) + (first.length === 0 ? "" : splitUpstreams(first)[0])),
      ...upstreams.map(upstreamBlocks),
      ...shared(sharedServers, head.namesShared),
      Buffer.from(builtInParts.defaultServer({ listens, defaultServer: { locations } })),
      ...servers.map(serverBlocks),
    ];
  };
};
