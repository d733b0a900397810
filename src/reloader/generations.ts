import { isSameProcess, type NginxChild, nginxChildren } from "./processes.ts";
import { shareOfMemoryBytes } from "./shared-memory.ts";

/** What old generations of workers cost, as metrics say it. */
export interface DrainingGenerations {
  /** Generations of which a worker still drains. */
  readonly count: number;
  /** How long ago the oldest of them was retired, in milliseconds; 0 when there is none. */
  readonly oldestMs: number;
  /** The share of memory of all workers that drain, in bytes. */
  readonly memoryBytes: number;
}

/** Where nginx does not run. */
export const noGenerations: DrainingGenerations = { count: 0, oldestMs: 0, memoryBytes: 0 };

/** Remembers which workers serve which revision, so that a release is kept while one of them drains. */
export interface Generations {
  /** These workers of a revision were retired by a reload. */
  readonly retire: (revision: string, workers: readonly NginxChild[], nowMs?: number) => void;
  /** The revisions of which a worker still drains. */
  readonly draining: (masterPid: number) => Promise<readonly string[]>;
  /** Looks at the workers that drain now. */
  readonly observe: (masterPid: number, nowMs?: number) => Promise<DrainingGenerations>;
}

interface Generation {
  readonly revision: string;
  readonly workers: readonly NginxChild[];
  /** Milliseconds of the monotonic clock. */
  readonly retiredAtMs: number;
}

/** Makes the memory of one program; times are of the monotonic clock. */
export const createGenerations = (): Generations => {
  let retired: readonly Generation[] = [];
  const stillDraining = async (masterPid: number): Promise<readonly NginxChild[]> => {
    const known = retired;
    const alive = await nginxChildren(masterPid);
    const isAlive = ({ workers }: Generation): boolean =>
      workers.some((worker) => alive.some((child) => isSameProcess(child, worker)));
    // What was retired while the processes were looked at is judged next time.
    retired = retired.filter((generation) => !known.includes(generation) || isAlive(generation));
    return alive.filter(({ role }) => role === "draining");
  };
  return {
    retire: (revision, workers, nowMs = performance.now()) => {
      retired = [...retired, { revision, workers, retiredAtMs: nowMs }];
    },
    draining: async (masterPid) => {
      await stillDraining(masterPid);
      return retired.map(({ revision }) => revision);
    },
    observe: async (masterPid, nowMs = performance.now()) => {
      const workers = await stillDraining(masterPid);
      const shares = await Promise.all(workers.map(({ pid }) => shareOfMemoryBytes(pid)));
      return {
        count: retired.length,
        oldestMs: Math.max(0, ...retired.map(({ retiredAtMs }) => nowMs - retiredAtMs)),
        memoryBytes: shares.reduce((total, share) => total + share, 0),
      };
    },
  };
};
