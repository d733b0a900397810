import { hash } from "node:crypto";
import { differenceOf } from "../routes/difference.ts";
import { memoize } from "../routes/memoize.ts";
import type { Upstream } from "../routes/route.ts";
import { byFirstHost } from "../routes/server-groups.ts";
import { compareText } from "../routes/service.ts";
import type { Location, Site, VirtualServer } from "../routes/site.ts";
import { editSorted } from "../routes/sorted.ts";
import { createUpstreamUses } from "../routes/upstream-uses.ts";
import { type Shareable, shareableOf } from "./shareable.ts";

/** Hosts of several Services whose locations differ in nothing but the Service: they share a `server` and an `upstream`. */
export interface SharedServer {
  /** The name of its upstream group, unique; no upstream of a Service is named so, since it has no dot. */
  readonly name: string;
  /** By first host; at least one. */
  readonly members: readonly Shareable[];
}

/** A Site as it is written down. */
export interface Layout {
  /** By name: those of `servers` and of the default server. */
  readonly upstreams: readonly Upstream[];
  /** By first host: those with a block of their own. */
  readonly servers: readonly VirtualServer[];
  /** By name. */
  readonly sharedServers: readonly SharedServer[];
}

export interface SharingOptions {
  /** So many servers that can share make sharing worth it: a smaller file is read more easily with a block for each. */
  readonly leastServers: number;
  /** Of one kind: fewer save less than a shared block costs. */
  readonly leastOfKind: number;
  /** How many servers share a block, at least on average, and fewer than twice as many. */
  readonly usualMembers: number;
}

// A block of 8 takes a fifth of what 8 blocks take. Larger ones take less, but nginx goes through all routes of one at each request.
const defaultOptions: SharingOptions = { leastServers: 256, leastOfKind: 8, usualMembers: 8 };

const countShareable = memoize((servers: readonly VirtualServer[]) => ({
  count: servers.filter((server) => shareableOf(server) !== null).length,
}));

/** Short, and as good as unique. */
const nameOfKind = (kind: string): string => hash("sha256", kind).slice(0, 12);

/** The members of a kind whose upstreams' names have one hash: which share a block depends on nothing that was before. */
interface Bucket {
  readonly members: Map<VirtualServer, Shareable>;
  /** As it was given out last; null while it is being changed. */
  shared: SharedServer | null;
}

interface Kind {
  readonly text: string;
  readonly members: Map<VirtualServer, Shareable>;
  /** How many bits of the hash tell the bucket; null while its servers have blocks of their own. */
  bits: number | null;
  readonly buckets: Map<number, Bucket>;
}

const byName = (a: SharedServer, b: SharedServer): number => compareText(a.name, b.name);

const bucketOf = ({ place }: Shareable, bits: number): number => place & (2 ** bits - 1);

const createIndex = ({ leastOfKind, usualMembers }: SharingOptions) => {
  const kinds = new Map<string, Kind>();
  const uses = createUpstreamUses();
  let chunks: readonly (readonly VirtualServer[])[] = [];
  let alone: readonly VirtualServer[] = [];
  let aloneGone = new Set<VirtualServer>();
  let aloneCome = new Set<VirtualServer>();
  let sharedServers: readonly SharedServer[] = [];
  let fallback: readonly Location[] = [];

  const toAlone = (server: VirtualServer): void => {
    if (!aloneGone.delete(server)) aloneCome.add(server);
  };
  const fromAlone = (server: VirtualServer): void => {
    if (!aloneCome.delete(server)) aloneGone.add(server);
  };
  const kindOf = ({ kind: text }: Shareable): Kind => {
    const known = kinds.get(text);
    if (known !== undefined) return known;
    const begun: Kind = { text, members: new Map(), bits: null, buckets: new Map() };
    kinds.set(text, begun);
    return begun;
  };
  /** The bucket that a member is in, or is to be put in. */
  const edit = (kind: Kind, member: Shareable, bits: number): Bucket["members"] => {
    const number = bucketOf(member, bits);
    const bucket = kind.buckets.get(number) ?? { members: new Map(), shared: null };
    kind.buckets.set(number, bucket);
    bucket.shared = null;
    return bucket.members;
  };

  /** Into how many blocks its members are put. */
  const bitsFor = ({ members }: Kind): number | null =>
    members.size < leastOfKind ? null : Math.max(0, Math.floor(Math.log2(members.size / usualMembers)));

  /** Puts all members where they belong by now. */
  const arrange = (kind: Kind, bits: number | null): void => {
    if (bits !== null && kind.bits === null) for (const server of kind.members.keys()) fromAlone(server);
    if (bits === null && kind.bits !== null) for (const server of kind.members.keys()) toAlone(server);
    kind.bits = bits;
    kind.buckets.clear();
    if (bits === null) return;
    for (const [server, member] of kind.members) edit(kind, member, bits).set(server, member);
  };

  const take = (server: VirtualServer, touched: Set<Kind>): void => {
    const member = shareableOf(server);
    if (member === null) {
      toAlone(server);
      return;
    }
    const kind = kindOf(member);
    touched.add(kind);
    kind.members.set(server, member);
    if (kind.bits === null) toAlone(server);
    else edit(kind, member, kind.bits).set(server, member);
  };
  const drop = (server: VirtualServer, touched: Set<Kind>): void => {
    const member = shareableOf(server);
    if (member === null) {
      fromAlone(server);
      return;
    }
    const kind = kindOf(member);
    touched.add(kind);
    kind.members.delete(server);
    if (kind.bits === null) fromAlone(server);
    else edit(kind, member, kind.bits).delete(server);
  };

  const nameOf = ({ text, bits }: Kind, bucket: number): string =>
    // What differs comes first: nginx compares each name with all others.
    `${bucket.toString(16).padStart(Math.ceil((bits ?? 0) / 4), "0")}-${nameOfKind(text)}`;

  const collectShared = (): void => {
    const all: SharedServer[] = [];
    for (const kind of kinds.values()) {
      for (const [number, bucket] of kind.buckets) {
        if (bucket.members.size === 0) {
          kind.buckets.delete(number);
          continue;
        }
        bucket.shared ??= {
          name: nameOf(kind, number),
          members: [...bucket.members.values()].sort((a, b) => byFirstHost(a.server, b.server)),
        };
        all.push(bucket.shared);
      }
    }
    sharedServers = all.sort(byName);
  };

  return (site: Site, next: readonly (readonly VirtualServer[])[]): Layout => {
    const touched = new Set<Kind>();
    const { gone, come } = differenceOf(chunks, next);
    for (const server of gone) drop(server, touched);
    for (const server of come) take(server, touched);
    chunks = next;
    for (const kind of touched) {
      const bits = bitsFor(kind);
      if (bits !== kind.bits) arrange(kind, bits);
      if (kind.members.size === 0) kinds.delete(kind.text);
    }
    for (const server of aloneGone) uses.remove(server.locations);
    for (const server of aloneCome) uses.add(server.locations);
    alone = editSorted(alone, [...aloneGone], [...aloneCome], byFirstHost);
    aloneGone = new Set();
    aloneCome = new Set();
    const { locations } = site.defaultServer;
    if (locations !== fallback) {
      uses.remove(fallback);
      uses.add(locations);
      fallback = locations;
    }
    if (touched.size > 0) collectShared();
    return { upstreams: uses.upstreams(), servers: alone, sharedServers };
  };
};

/**
 * Decides which hosts share blocks. The same for whatever was laid out before: that only saves work.
 *
 * @param chunks the servers of the site
 */
export type Sharing = (site: Site, chunks: readonly (readonly VirtualServer[])[]) => Layout;

/**
 * Lets the hosts of many Services share blocks. nginx keeps 35 KB for each host with a server, a location and an upstream of
 * its own, and compares each upstream with all others when it reads them; of a shared block it keeps some 8 KB for each.
 *
 * Sharing is sound because nginx is told by the host which of the group's addresses to take, and may take no other: each
 * drains, so that it gets no request but those that name it.
 */
export const createSharing = (options: SharingOptions = defaultOptions): Sharing => {
  let index: ReturnType<typeof createIndex> | null = null;
  return (site, chunks) => {
    const count = chunks.reduce((sum, servers) => sum + countShareable(servers).count, 0);
    const layOut = count < options.leastServers ? null : (index ?? createIndex(options));
    // What a fault leaves half changed must not be built upon.
    index = null;
    if (layOut === null) return { upstreams: site.upstreams, servers: site.servers, sharedServers: [] };
    const layout = layOut(site, chunks);
    index = layOut;
    return layout;
  };
};
