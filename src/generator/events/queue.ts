import { type EventContent, eventKey } from "./content.ts";

/**
 * One Event that is to be told.
 * - `appeared`: a problem that is new here; what another replica created already is left alone
 * - `transition`: a Service became routed; where that was told before, it becomes a series
 * - `standing`: a problem that stands for long is told again, as a series
 */
export interface EventPost {
  readonly kind: PostKind;
  readonly content: EventContent;
  /** When it was observed: Unix time in milliseconds. */
  readonly observedAtMs: number;
  /** How often the API server failed on just this one. */
  readonly failures: number;
}

export type PostKind = "appeared" | "transition" | "standing";

/** Posts that wait, each Event at most once. */
export interface PostQueue {
  readonly size: number;
  /** Puts a post at the end; one of the same kind and Event keeps its place, and the new one takes it. */
  put(post: EventPost): void;
  /** Forgets what is no longer so. */
  prune(isWanted: (post: EventPost) => boolean): void;
  /** Takes the first of a kind whose turn it is, among those that may be sent now; null when there is none. */
  take(isOpen: (post: EventPost) => boolean): EventPost | null;
}

const kinds: readonly PostKind[] = ["appeared", "transition", "standing"];

/** A queue in which the kinds take turns: neither a thousand new routes nor a thousand renewals hold up a new problem. */
export const createPostQueue = (): PostQueue => {
  const lanes = kinds.map((kind) => ({ kind, posts: new Map<string, EventPost>() }));
  let turn = 0;
  const laneOf = (kind: PostKind) => lanes.find((lane) => lane.kind === kind)?.posts;
  return {
    get size() {
      return lanes.reduce((sum, { posts }) => sum + posts.size, 0);
    },
    put: (post) => {
      const key = eventKey(post.content);
      // What still waits to be created needs no renewal.
      if (post.kind === "standing" && laneOf("appeared")?.has(key)) return;
      laneOf(post.kind)?.set(key, post);
    },
    prune: (isWanted) => {
      for (const { posts } of lanes) for (const [key, post] of posts) if (!isWanted(post)) posts.delete(key);
    },
    take: (isOpen) => {
      for (let offset = 0; offset < lanes.length; offset += 1) {
        const index = (turn + offset) % lanes.length;
        for (const [key, post] of lanes[index]?.posts ?? []) {
          if (!isOpen(post)) continue;
          lanes[index]?.posts.delete(key);
          turn = index + 1;
          return post;
        }
      }
      return null;
    },
  };
};
