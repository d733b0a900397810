import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { nginxChildren, nginxGroup, ownMemoryBytes } from "../../src/reloader/processes.ts";
import type { Pod } from "../support/hotroute-pod.ts";
import { waitFor } from "../support/wait.ts";

/** What a process holds at a quiet moment. */
export interface Holding {
  readonly pid: number;
  readonly memoryMb: number;
  readonly descriptors: number;
}

export type Sample = Readonly<Record<"generator" | "reloader" | "nginx", Holding>>;

/** Bounds of growth over a soak: what a leak passes, and a heap that grows into its size does not. */
const maxGrowth = { memoryMb: 25, descriptors: 8 } as const;

const holdingOf = async (pid: number): Promise<Holding> => ({
  pid,
  memoryMb: Math.round((await ownMemoryBytes(pid)) / 2 ** 20),
  descriptors: (await readdir(`/proc/${pid}/fd`)).length,
});

/** Takes what the programs hold. */
export const takeSample = async (pod: Pod): Promise<Sample> => ({
  generator: await holdingOf(pod.generator.child.pid ?? 0),
  reloader: await holdingOf(pod.reloader.child.pid ?? 0),
  nginx: await holdingOf(await pod.masterPid()),
});

/** Two samples of processes that lived through the time between them. */
export const assertFlat = (before: Sample, after: Sample): void => {
  for (const name of ["generator", "reloader", "nginx"] as const) {
    const [first, last] = [before[name], after[name]];
    if (first.pid !== last.pid) continue;
    const grown = `${name}: ${JSON.stringify(first)} → ${JSON.stringify(last)}`;
    assert.ok(last.memoryMb - first.memoryMb <= maxGrowth.memoryMb, grown);
    assert.ok(last.descriptors - first.descriptors <= maxGrowth.descriptors, grown);
  }
};

/** Waits until nginx is one master and its workers, and nothing of an earlier one is left. */
export const waitForProcesses = async (
  pod: Pod,
  workers: number,
  formerMasters: ReadonlySet<number>,
): Promise<void> => {
  await waitFor(
    "nginx to be one master and its workers",
    async () => {
      const master = await pod.masterPid();
      const children = await nginxChildren(master);
      const group = await nginxGroup(master);
      return (
        children.length === workers && children.every(({ role }) => role === "active") && group.length === workers + 1
      );
    },
    { deadlineMs: 60_000, everyMs: 100 },
  );
  for (const master of formerMasters) {
    await waitFor(`the end of what master ${master} left`, async () => (await nginxGroup(master)).length === 0);
  }
};
