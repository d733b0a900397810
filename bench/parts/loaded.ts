import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { timeToFirstAnswer } from "./first-answer.ts";
import type { Stack } from "./folder.ts";
import { startNginxByHand } from "./nginx-by-hand.ts";
import type { Core } from "./pinning.ts";
import { childrenProcessorMs } from "./process-figures.ts";
import { startReloader } from "./reloader.ts";
import { runWrk, runWrkInTurns, type WrkRequest } from "./wrk.ts";

/** An nginx that takes the load, and what was measured of it, a value for each round. */
export interface Loaded {
  readonly request: WrkRequest;
  readonly masterPid: number;
  readonly ratesPerSecond: number[];
  readonly p99sMs: number[];
  /** Its processor time for a request. */
  readonly costsUs: number[];
}

/** Where nginx is started, and with what. */
export interface LoadedOptions {
  readonly stack: Stack;
  /** Its subfolders are named by their numbers. */
  readonly folder: string;
  readonly nginx: NginxUnderTest;
  /** The folder of the bundles. */
  readonly dist: string;
  readonly core: Core;
}

// One worker each: the load and the backend have to run beside it.
const workers = 1;

/** @param by `reloader`: as hotroute has it; `hand`: nginx alone, under the same nginx.conf */
export const startLoaded = async (
  { stack, folder, nginx, dist, core }: LoadedOptions,
  request: WrkRequest,
  defaultConf: string,
  by: "reloader" | "hand",
): Promise<Loaded> => {
  const own = join(folder, String(request.port));
  await mkdir(own);
  const options = { nginxPath: nginx.path, workers, defaultConf, core };
  const findMaster =
    by === "reloader"
      ? stack.add(await startReloader(own, dist, options)).masterPid
      : (
          (pid) => async () =>
            pid
        )(stack.add(await startNginxByHand(nginx, own, options)).masterPid);
  await timeToFirstAnswer(request.port, request.host, performance.now(), { path: request.path });
  return { request, masterPid: await findMaster(), ratesPerSecond: [], p99sMs: [], costsUs: [] };
};

/** A round of load on all, in turns. */
export const loadInTurns = async (all: readonly Loaded[], seconds: number, core: Core): Promise<void> => {
  const beforeMs = all.map(({ masterPid }) => childrenProcessorMs(masterPid));
  const requests = all.map(({ request }) => request);
  for (const [index, run] of (await runWrkInTurns(requests, seconds, core)).entries()) {
    const loaded = all[index];
    if (loaded === undefined) continue;
    loaded.ratesPerSecond.push(run.requests / run.seconds);
    loaded.costsUs.push((1000 * (childrenProcessorMs(loaded.masterPid) - (beforeMs[index] ?? 0))) / run.requests);
  }
};

/** A second of load on each, one after the other, for the latencies. */
export const loadOneByOne = async (all: readonly Loaded[], core: Core): Promise<void> => {
  for (const { request, p99sMs } of all) p99sMs.push((await runWrk(request, 1, core)).p99Ms);
};
