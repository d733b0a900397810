/** Splits a list into chunks that outlive it: where the next list has the same elements, it has the same chunks. */
export type Chunker<T extends object> = (list: readonly T[]) => readonly (readonly T[])[];

/** Of a region that is new, each chunk has about so many elements; from half of that to twice as many as changes come. */
const usualSize = 32;
const leastSize = usualSize / 2;
const mostSize = usualSize * 2;

const startsWith = <T>(list: readonly T[], at: number, chunk: readonly T[]): boolean => {
  if (at + chunk.length > list.length) return false;
  for (let index = 0; index < chunk.length; index += 1) if (chunk[index] !== list[at + index]) return false;
  return true;
};

/** Cuts a region evenly: one that grew by an element does not push one into the next chunk, and that into its next. */
const cut = <T>(region: readonly T[], into: (readonly T[])[]): void => {
  const count = region.length <= mostSize ? 1 : Math.round(region.length / usualSize);
  for (let index = 0; index < count; index += 1) {
    const [from, to] = [index, index + 1].map((bound) => Math.round((bound * region.length) / count));
    into.push(region.slice(from, to));
  }
};

/**
 * Makes a chunker, which knows the last list. A memoized function of a chunk is then computed anew only for the few that
 * have changed: of 50,000 elements the others cost a comparison each, and no look at what they hold.
 */
export const createChunker = <T extends object>(): Chunker<T> => {
  let known = new Map<T, readonly T[]>();
  return (list) => {
    const chunks: (readonly T[])[] = [];
    let start = 0;
    let at = 0;
    const closeRegion = (): void => {
      if (at > start) cut(list.slice(start, at), chunks);
    };
    while (at < list.length) {
      const first = list[at];
      const chunk = first === undefined ? undefined : known.get(first);
      const isRegionLarge = at === start || at - start >= leastSize;
      if (chunk === undefined || first === undefined || !isRegionLarge || !startsWith(list, at, chunk)) {
        at += 1;
        continue;
      }
      closeRegion();
      chunks.push(chunk);
      // Each once, even where a list holds its elements twice: a chunk stands for its place too.
      known.delete(first);
      at += chunk.length;
      start = at;
    }
    closeRegion();
    known = new Map(chunks.flatMap((chunk) => (chunk[0] === undefined ? [] : [[chunk[0], chunk]])));
    return chunks;
  };
};
