import type { Upstream } from "./route.ts";
import { compareText } from "./service.ts";
import type { Location } from "./site.ts";
import { editSorted } from "./sorted.ts";

/** The upstreams that locations name, counted by use. */
export interface UpstreamUses {
  add(locations: readonly Location[]): void;
  remove(locations: readonly Location[]): void;
  /** By name, each once. */
  upstreams(): readonly Upstream[];
}

const byName = (a: Upstream, b: Upstream): number => compareText(a.name, b.name);

/** Of several of one name, which differ in what is spoken with them, the same in any order: gRPC before HTTP. */
const chosen = (uses: readonly Upstream[] | undefined): Upstream | null => {
  const [first, ...others] = uses ?? [];
  if (first === undefined) return null;
  return others.reduce((best, other) => (compareText(other.protocol, best.protocol) < 0 ? other : best), first);
};

export const createUpstreamUses = (): UpstreamUses => {
  const uses = new Map<string, Upstream[]>();
  /** What was chosen of each name before it was touched. */
  const touched = new Map<string, Upstream | null>();
  let sorted: readonly Upstream[] = [];
  const usesOf = (name: string): Upstream[] => {
    const known = uses.get(name);
    if (!touched.has(name)) touched.set(name, chosen(known));
    if (known !== undefined) return known;
    const begun: Upstream[] = [];
    uses.set(name, begun);
    return begun;
  };
  return {
    add: (locations) => {
      for (const { action } of locations)
        if (action.kind === "proxy") usesOf(action.upstream.name).push(action.upstream);
    },
    remove: (locations) => {
      for (const { action } of locations) {
        if (action.kind !== "proxy") continue;
        const of = usesOf(action.upstream.name);
        of.splice(of.indexOf(action.upstream), 1);
      }
    },
    upstreams: () => {
      const gone: Upstream[] = [];
      const come: Upstream[] = [];
      for (const [name, before] of touched) {
        const now = chosen(uses.get(name));
        if (now === null) uses.delete(name);
        if (before === now) continue;
        if (before !== null) gone.push(before);
        if (now !== null) come.push(now);
      }
      touched.clear();
      sorted = editSorted(sorted, gone, come, byName);
      return sorted;
    },
  };
};
