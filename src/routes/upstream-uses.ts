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

const compareNames = (a: Upstream, b: Upstream): number => compareText(a.name, b.name);

/** The uses of one name. */
interface Uses {
  readonly name: string;
  readonly all: Upstream[];
  /** The one that was given out last; null while there is none. */
  shown: Upstream | null;
  isEdited: boolean;
}

/** Of several of one name, which differ in what is spoken with them, the same in any order: gRPC before HTTP. */
const chosen = ([first, ...others]: readonly Upstream[]): Upstream | null =>
  first === undefined
    ? null
    : others.reduce((best, other) => (compareText(other.protocol, best.protocol) < 0 ? other : best), first);

export const createUpstreamUses = (): UpstreamUses => {
  const byName = new Map<string, Uses>();
  let edited: Uses[] = [];
  let sorted: readonly Upstream[] = [];
  const begin = (name: string): Uses => {
    const begun: Uses = { name, all: [], shown: null, isEdited: false };
    byName.set(name, begun);
    return begun;
  };
  const edit = ({ name }: Upstream): Upstream[] => {
    const uses = byName.get(name) ?? begin(name);
    if (!uses.isEdited) edited.push(uses);
    uses.isEdited = true;
    return uses.all;
  };
  return {
    add: (locations) => {
      for (const { action } of locations) if (action.kind === "proxy") edit(action.upstream).push(action.upstream);
    },
    remove: (locations) => {
      for (const { action } of locations) {
        if (action.kind !== "proxy") continue;
        const all = edit(action.upstream);
        all.splice(all.indexOf(action.upstream), 1);
      }
    },
    upstreams: () => {
      const gone: Upstream[] = [];
      const come: Upstream[] = [];
      for (const uses of edited) {
        uses.isEdited = false;
        const before = uses.shown;
        uses.shown = chosen(uses.all);
        if (uses.shown === null) byName.delete(uses.name);
        if (before === uses.shown) continue;
        if (before !== null) gone.push(before);
        if (uses.shown !== null) come.push(uses.shown);
      }
      edited = [];
      sorted = editSorted(sorted, gone, come, compareNames);
      return sorted;
    },
  };
};
