import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { nginxChildren } from "../../src/reloader/processes.ts";
import type { NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { timeToFirstAnswer } from "./first-answer.ts";
import type { Stack } from "./folder.ts";
import { type NginxByHand, startNginxByHand } from "./nginx-by-hand.ts";
import type { Core } from "./pinning.ts";
import { childrenProcessorMs } from "./process-figures.ts";
import { runWrk, runWrkInTurns, type WrkRequest } from "./wrk.ts";

/** An nginx that takes the load, and what was measured of it, a value for each round. */
export interface Loaded {
  readonly request: WrkRequest;
  readonly server: NginxByHand;
  readonly ratesPerSecond: number[];
  readonly p99sMs: number[];
  /** Its processor time for a request. */
  readonly costsUs: number[];
}

/** Where nginx is started. */
export interface LoadedOptions {
  readonly stack: Stack;
  /** Its subfolders are named by their ports. */
  readonly folder: string;
  readonly nginx: NginxUnderTest;
  readonly core: Core;
}

// One worker each: the load and the backend have to run beside it.
const workers = 1;

/** Starts it under the reloader's nginx.conf, and waits until it answers. */
export const startLoaded = async (
  { stack, folder, nginx, core }: LoadedOptions,
  request: WrkRequest,
  defaultConf: string,
): Promise<Loaded> => {
  const own = join(folder, String(request.port));
  await mkdir(own);
  const server = stack.add(await startNginxByHand(nginx, own, { workers, defaultConf, core }));
  await timeToFirstAnswer(request.port, request.host, performance.now(), { path: request.path });
  return { request, server, ratesPerSecond: [], p99sMs: [], costsUs: [] };
};

/** Gives each a new worker, so that where in memory its configuration happens to lie is not the same for all rounds. */
export const renewWorkers = async (all: readonly Loaded[]): Promise<void> => {
  for (const { server, request } of all) {
    const before = new Set((await nginxChildren(server.masterPid)).map(({ pid }) => pid));
    server.signal();
    await waitFor("workers to be others", async () => {
      const now = await nginxChildren(server.masterPid);
      return now.length === workers && now.every(({ pid, role }) => role === "active" && !before.has(pid));
    });
    await timeToFirstAnswer(request.port, request.host, performance.now(), { path: request.path });
  }
};

/** A round of load on all, in turns. */
export const loadInTurns = async (all: readonly Loaded[], seconds: number, core: Core): Promise<void> => {
  const beforeMs = all.map(({ server }) => childrenProcessorMs(server.masterPid));
  const requests = all.map(({ request }) => request);
  for (const [index, run] of (await runWrkInTurns(requests, seconds, core)).entries()) {
    const loaded = all[index];
    if (loaded === undefined) continue;
    const spentMs = childrenProcessorMs(loaded.server.masterPid) - (beforeMs[index] ?? 0);
    loaded.ratesPerSecond.push(run.requests / run.seconds);
    loaded.costsUs.push((1000 * spentMs) / run.requests);
  }
};

/** A second of load on each, one after the other, for the latencies. */
export const loadOneByOne = async (all: readonly Loaded[], core: Core): Promise<void> => {
  for (const { request, p99sMs } of all) p99sMs.push((await runWrk(request, 1, core)).p99Ms);
};
