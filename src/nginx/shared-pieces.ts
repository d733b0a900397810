import { memoize } from "../routes/memoize.ts";
import type { LocationOptions } from "./location.ts";
import { builtInParts } from "./partials.ts";
import { sharedServerView } from "./server-view.ts";
import type { SharedServer } from "./shared-servers.ts";
import type { SharedServerView } from "./site-view.ts";

type Render = (sharedServers: readonly SharedServerView[]) => string;

/** Nobody's: what is rendered of it alone is what stands around the lines of all. */
const noMembers: SharedServerView = {
  name: "",
  members: [],
  routedBy: "",
  upstreams: [],
  serverNames: [],
  listens: [],
  locations: [],
  again: "",
};

/** A block of the template that holds lines of each shared server. */
const createFrame = (render: Render) => {
  const around = render([noMembers]);
  const end = around.lastIndexOf("}\n");
  return {
    open: Buffer.from(around.slice(0, end)),
    close: Buffer.from(around.slice(end)),
    linesOf: (view: SharedServerView): string => render([view]).slice(end, end - around.length),
  };
};

const renderBlocks: Render = (sharedServers) => builtInParts.sharedBlocks({ sharedServers });

/** Texts in UTF-8, in one piece of memory: many small ones would hold on to more than they are. */
const encode = (texts: readonly string[]): readonly Uint8Array[] => {
  const whole = Buffer.from(texts.join(""));
  let at = 0;
  return texts.map((text) => {
    const start = at;
    at += Buffer.byteLength(text);
    return whole.subarray(start, at);
  });
};

/**
 * Makes the pieces of the built-in template that shared servers have; those of servers that did not change are kept.
 *
 * @param namesShared whether the access log names upstreams
 */
export type SharedPieces = (servers: readonly SharedServer[], namesShared: boolean) => readonly Uint8Array[];

export const createSharedPieces = (options: LocationOptions, listens: readonly string[]): SharedPieces => {
  const addresses = createFrame((sharedServers) => builtInParts.sharedAddresses({ sharedServers }));
  const names = createFrame((sharedServers) => builtInParts.sharedNames({ sharedServers, namesShared: true }));
  // What the template says before the first of them is for all of them.
  const blocks = renderBlocks([noMembers]);
  const before = blocks.slice(0, blocks.indexOf(`\nupstream ${noMembers.name} {`));
  const beforeBytes = Buffer.from(before);
  const piecesOf = memoize((server: SharedServer) => {
    const view = sharedServerView(server, listens, options);
    return encode([addresses.linesOf(view), names.linesOf(view), renderBlocks([view]).slice(before.length)]);
  });
  return (servers, namesShared) => {
    if (servers.length === 0) return [];
    const all = servers.map(piecesOf);
    const column = (index: number): readonly Uint8Array[] => all.flatMap((pieces) => pieces[index] ?? []);
    return [
      beforeBytes,
      ...column(2),
      addresses.open,
      ...column(0),
      addresses.close,
      ...(namesShared ? [names.open, ...column(1), names.close] : []),
    ];
  };
};
