import type { ReloaderConfig } from "./config.ts";
import { readMemoryUse } from "./machine.ts";
import { nginxChildren } from "./processes.ts";
import { shareOfMemoryBytes } from "./shared-memory.ts";

/** What memory looks like before a reload; bytes. */
export interface DrainView {
  /** Workers of older generations that still serve their last connections. */
  readonly drainingWorkers: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** What master and workers of the live generation take: the next one will take as much. */
  readonly generationBytes: number;
}

/** Where the cgroup has no limit. */
const assumedLimitBytes = 1024 * 1024 * 1024;

/** Whether a reload now would pass the memory limit, and waiting for old workers can help. */
export const mustDrain = (view: DrainView, percent: number): boolean =>
  view.drainingWorkers > 0 && view.usedBytes + view.generationBytes > (view.limitBytes * percent) / 100;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/**
 * Looks at the memory of nginx and of the cgroup.
 *
 * @param limitBytes the cgroup's limit; null: none, then nginx's own processes are held to 1 GiB
 * @returns null when no worker drains
 */
export const viewDrain = async (masterPid: number, limitBytes: number | null): Promise<DrainView | null> => {
  const children = await nginxChildren(masterPid);
  const draining = children.filter((child) => child.role === "draining");
  // Nothing to wait for, as a rule: then memory is of no interest, and a change is not held up by reading of it.
  if (draining.length === 0) return null;
  const shareOf = (pids: readonly number[]): Promise<number> => Promise.all(pids.map(shareOfMemoryBytes)).then(sum);
  const pidsOf = (role: string): readonly number[] =>
    children.filter((child) => child.role === role).map(({ pid }) => pid);
  // The master holds the configuration that its workers share with it.
  const generationBytes = await shareOf([masterPid, ...pidsOf("active")]);
  const used = limitBytes === null ? null : await readMemoryUse();
  return {
    drainingWorkers: draining.length,
    usedBytes: used ?? generationBytes + (await shareOf([...pidsOf("draining"), ...pidsOf("other")])),
    limitBytes: limitBytes ?? assumedLimitBytes,
    generationBytes,
  };
};

/** Holds reloads back while old workers take too much memory, for a bounded time. */
export interface DrainGate {
  /** @returns milliseconds to wait before asking again; 0: go on */
  readonly holdMs: (masterPid: number, nowMs: number) => Promise<number>;
}

const askAgainMs = 250;

/** @param onHold called once when a wait begins */
export const createDrainGate = (
  config: Pick<ReloaderConfig, "drainMemoryPercent" | "drainWaitMs">,
  limitBytes: number | null,
  onHold: (view: DrainView) => void,
): DrainGate => {
  let sinceMs: number | null = null;
  return {
    holdMs: async (masterPid, nowMs) => {
      const view = await viewDrain(masterPid, limitBytes);
      const waitedMs = sinceMs === null ? 0 : nowMs - sinceMs;
      if (view === null || !mustDrain(view, config.drainMemoryPercent) || waitedMs >= config.drainWaitMs) {
        sinceMs = null;
        return 0;
      }
      if (sinceMs === null) {
        sinceMs = nowMs;
        onHold(view);
      }
      return Math.min(askAgainMs, config.drainWaitMs - waitedMs);
    },
  };
};
