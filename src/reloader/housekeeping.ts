import { type Affirmation, affirm } from "./affirm.ts";
import type { Generations } from "./generations.ts";
import type { NginxMaster } from "./nginx-master.ts";
import type { Workshop } from "./outcome.ts";
import { isOutside } from "./outside.ts";
import type { NginxChild } from "./processes.ts";
import { linkedRevision, pruneReleases } from "./releases.ts";
import { acceptingWorkers } from "./verify.ts";
import { createWorkerWatch } from "./worker-watch.ts";

/** How many releases are kept, the live one included, beside those of workers that drain. */
const keptReleases = 3;

/** What is looked after between attempts. What the file system refuses is logged, and tried again next time. */
export interface Housekeeping {
  /** These workers of a revision were retired by a reload. */
  readonly retired: (revision: string, workers: readonly NginxChild[]) => void;
  /** Compares what nginx serves with what is held to be live; null when that could not be corrected. */
  readonly affirm: (master: NginxMaster, live: string, wanted: string | null) => Promise<Affirmation | null>;
  /** How many workers ended by themselves since the last time. */
  readonly lostWorkers: (master: NginxMaster) => Promise<number>;
  /** An attempt was made: nginx may have other workers now. */
  readonly attempted: () => void;
  /**
   * Removes releases that are no more in use.
   *
   * @param extra `none`: also the last ones, which are kept for people to look at; there is no room for them
   */
  readonly prune: (
    master: NginxMaster | null,
    inUse: readonly (string | null)[],
    extra: "last" | "none",
  ) => Promise<void>;
}

export const createHousekeeping = (shop: Workshop, generations: Generations): Housekeeping => {
  const { paths, log } = shop;
  const workers = createWorkerWatch();
  /** The last revisions before the live one, newest first. By order, not by time: clocks are set. */
  let before: readonly string[] = [];
  return {
    retired: (revision, children) => {
      generations.retire(revision, children);
      before = [revision, ...before.filter((other) => other !== revision)].slice(0, keptReleases - 1);
    },
    affirm: async (master, live, wanted) => {
      try {
        return await affirm(shop, master, live, wanted);
      } catch (error) {
        if (!isOutside(error)) throw error;
        log.warn({ err: error }, "live.conf cannot be corrected; tried again with the next comparison");
        return null;
      }
    },
    lostWorkers: async (master) => workers.compare(master.pid, await acceptingWorkers(master.pid)),
    attempted: workers.forget,
    prune: async (master, inUse, extra) => {
      const draining = master === null ? [] : await generations.draining(master.pid);
      const links = await Promise.all([linkedRevision(paths.live), linkedRevision(paths.verified)]);
      const last = extra === "last" ? before : [];
      const keep = [...inUse, ...links, ...draining, ...last].filter((revision) => revision !== null);
      try {
        await pruneReleases(paths, new Set(keep));
      } catch (error) {
        if (!isOutside(error)) throw error;
        log.warn({ err: error }, "old releases cannot be removed; tried again with the next change");
      }
    },
  };
};
