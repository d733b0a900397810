import type { ReloaderStatus } from "../contract/status.ts";

/** A configuration that was written, on its way to nginx. Times are monotonic milliseconds. */
export interface Publication {
  /** SHA-256 (hex) of the whole file, as `status.json` names it. */
  readonly hash: string;
  /** When the first event in it was seen; null when no event led to it (a start, a file put back). */
  readonly seenAtMs: number | null;
  /** Some of the Services that changed, for the log, and how many there were. */
  readonly changed: readonly string[];
  readonly changes: number;
}

/** A publication that nginx is verified to serve. */
export interface LivePublication extends Publication {
  readonly propagationMs: number | null;
}

/** Follows publications until the reloader says that nginx serves them; each is given once, oldest first. */
export interface PropagationTracker {
  /** Takes a configuration that was written, and gives what is live by now: it may have been live before. */
  published(publication: Publication, nowMs: number): readonly LivePublication[];
  /** Forgets a configuration that nginx refused: what came with it is not live with the next. */
  withdraw(hash: string): void;
  /** Takes a status of the reloader, and gives what has become live by it. */
  observe(status: ReloaderStatus, nowMs: number): readonly LivePublication[];
}

// A reloader that is away for long must not cost memory: the oldest are forgotten.
const maxPending = 1000;

/** @param file the configuration's base name, as `status.json` has it */
export const createPropagationTracker = (file: string): PropagationTracker => {
  let pending: readonly Publication[] = [];
  let appliedHash: string | null = null;

  // A later configuration holds every earlier change, so what lies before the live one is live with it. Of equal ones the
  // last counts: a change that was taken back before nginx saw it is live as soon as it is written.
  const settle = (nowMs: number): readonly LivePublication[] => {
    const index = pending.findLastIndex(({ hash }) => hash === appliedHash);
    const live = pending.slice(0, index + 1);
    pending = pending.slice(index + 1);
    return live.map((publication) => ({
      ...publication,
      propagationMs: publication.seenAtMs === null ? null : nowMs - publication.seenAtMs,
    }));
  };
  return {
    published: (publication, nowMs) => {
      pending = [...pending, publication].slice(-maxPending);
      return settle(nowMs);
    },
    withdraw: (hash) => {
      pending = pending.filter((publication) => publication.hash !== hash);
    },
    observe: (status, nowMs) => {
      appliedHash = status.state === "applied" ? (status.files[file] ?? null) : null;
      return settle(nowMs);
    },
  };
};
