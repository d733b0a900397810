import type { ReloaderConfig } from "./config.ts";
import { readMemoryUse } from "./machine.ts";
import { nginxChildren, ownMemoryBytes } from "./processes.ts";

/** What memory looks like before a reload; bytes. */
export interface DrainView {
  /** Workers of older generations that still serve their last connections. */
  readonly drainingWorkers: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** What the workers that accept connections now take: the next generation will take as much. */
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
  const sizes = await Promise.all(children.map((child) => ownMemoryBytes(child.pid)));
  const generationBytes = sum(sizes.filter((_, index) => children[index]?.role === "active"));
  const used = limitBytes === null ? null : await readMemoryUse();
  return {
    drainingWorkers: draining.length,
    usedBytes: used ?? sum(sizes) + (await ownMemoryBytes(masterPid)),
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
