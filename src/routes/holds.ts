import { matchKey } from "./claims.ts";
import type { Route } from "./route.ts";
import { serviceKey } from "./service.ts";

/** Services that are held at what nginx last served, and those that have changed since. By `namespace/name`. */
export interface Holds {
  readonly held: ReadonlySet<string>;
  readonly newcomers: ReadonlySet<string>;
}

/** A Service that is held keeps its routes, but for those that another has come to claim since. */
export const yieldToNewcomers = (
  chunks: readonly (readonly Route[])[],
  { held, newcomers }: Holds,
): readonly (readonly Route[])[] => {
  if (newcomers.size === 0) return chunks;
  const claimed = new Set<string>();
  for (const chunk of chunks) {
    for (const { service, match, upstream } of chunk) {
      if (upstream !== null && newcomers.has(serviceKey(service))) claimed.add(matchKey(match));
    }
  }
  return chunks.map((chunk) => {
    const kept = chunk.filter(({ service, match }) => !(held.has(serviceKey(service)) && claimed.has(matchKey(match))));
    return kept.length === chunk.length ? chunk : kept;
  });
};
