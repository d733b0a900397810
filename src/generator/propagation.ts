import type { ReloaderStatus } from "../contract/status.ts";

/** A configuration that was written, on its way to nginx. Times are monotonic milliseconds. */
export interface Publication {
  /** SHA-256 (hex) of the whole file, as `status.json` names it. */
  readonly hash: string;
  /** When the first event in it was seen; null when no event led to it (a start, a file put back). */
  readonly seenAtMs: number | null;
  /** The Services that changed, for the log. */
  readonly changed: readonly string[];
}

/** A publication that nginx is verified to serve. */
export interface LivePublication extends Publication {
  readonly propagationMs: number | null;
}

/** Follows publications until the reloader says that nginx serves them. */
export interface PropagationTracker {
  published(publication: Publication): void;
  /** Takes a status of the reloader; gives what has become live by it, oldest first. */
  observe(status: ReloaderStatus, nowMs: number): readonly LivePublication[];
}

// A reloader that is away for long must not cost memory: the oldest are forgotten.
const maxPending = 1000;

export const createPropagationTracker = (file: string): PropagationTracker => {
  let pending: readonly Publication[] = [];
  return {
    published: (publication) => {
      pending = [...pending, publication].slice(-maxPending);
    },
    observe: (status, nowMs) => {
      if (status.state !== "applied") return [];
      const index = pending.findLastIndex(({ hash }) => hash === status.files[file]);
      // A later configuration holds every earlier change, so what lies before the live one is live with it.
      const live = pending.slice(0, index + 1);
      pending = pending.slice(index + 1);
      return live.map((publication) => ({
        ...publication,
        propagationMs: publication.seenAtMs === null ? null : nowMs - publication.seenAtMs,
      }));
    },
  };
};
