import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nginxChildren } from "../../src/reloader/processes.ts";
import type { Random } from "../apiserver/random.ts";
import type { FaultyProxy, ProxyMode } from "../support/faulty-proxy.ts";
import type { Pod } from "../support/hotroute-pod.ts";
import { waitFor } from "../support/wait.ts";

/** A fault, and what it may cost. */
export interface Fault {
  readonly what: string;
  /** `requests`: some may fail until nginx is back; `nothing`: none may. */
  readonly costs: "nothing" | "requests";
  /** Programs are made anew by it: their memory and descriptors begin anew as well. */
  readonly renews: boolean;
  run(): Promise<void>;
}

export interface FaultParts {
  readonly pod: Pod;
  readonly proxy: FaultyProxy;
  readonly random: Random;
  /** Makes the API server forget its history; null where a test cannot. */
  readonly compact: (() => Promise<void>) | null;
  /** Told of each master that is killed. */
  readonly onMasterKilled: (pid: number) => void;
}

// Three deaths of nginx within 60 s are the reloader's end, as they should be.
const masterKillPauseMs = 35_000;

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended by itself meanwhile, as a worker does after a reload.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
};

/** For how long a way to the API server is broken. */
const brokenMs = 2500;

export const createFaults = ({ pod, proxy, random, compact, onMasterKilled }: FaultParts): (() => Fault) => {
  let masterKilledMs = Number.NEGATIVE_INFINITY;
  const broken = async (mode: ProxyMode): Promise<void> => {
    proxy.setMode(mode);
    await sleep(brokenMs);
    proxy.setMode({ kind: "pass" });
  };
  const api = (what: string, run: () => Promise<void>): Fault => ({ what, costs: "nothing", renews: false, run });
  const file = (name: string): string => join(pod.configDir, name);
  const faults: readonly Fault[] = [
    api("the API connection is reset", async () => proxy.cut("reset")),
    api("the API connection is ended", async () => proxy.cut("end")),
    // Longer than the idle deadline that the generator is given.
    api("the API stalls", () => broken({ kind: "swallow" })),
    api("the API is away", () => {
      proxy.cut("reset");
      return broken({ kind: "refuse" });
    }),
    api("the API's bytes are corrupted", () => broken({ kind: "corrupt" })),
    api("the API's connections are cut at random", () =>
      broken({ kind: "cut-after", bytes: 1 + random.below(5000), how: random.chance(0.5) ? "reset" : "end" }),
    ),
    api("the API's history is gone", async () => {
      await compact?.();
      proxy.cut("reset");
    }),
    api("a bad file lies beside default.conf", async () => {
      await writeFile(file("bad.conf"), "server { listen nowhere");
      await sleep(brokenMs);
      await rm(file("bad.conf"), { force: true });
    }),
    api("default.conf is overwritten by hand", () => writeFile(file("default.conf"), "events { by hand")),
    api("default.conf is deleted", () => rm(file("default.conf"), { force: true })),
    {
      what: "a worker of nginx is killed",
      costs: "requests",
      renews: false,
      run: async () => {
        const workers = await nginxChildren(await pod.masterPid());
        const worker = workers[random.below(workers.length)];
        if (worker !== undefined) kill(worker.pid);
      },
    },
    {
      what: "nginx's master is killed",
      costs: "requests",
      renews: false,
      run: async () => {
        const pid = await pod.masterPid();
        if (pid === 0 || performance.now() - masterKilledMs < masterKillPauseMs) return;
        masterKilledMs = performance.now();
        onMasterKilled(pid);
        kill(pid);
        // Its workers answer until the reloader ends them.
        await waitFor("another master", async () => ![0, pid].includes(await pod.masterPid()));
      },
    },
    {
      what: "the generator is killed",
      costs: "nothing",
      renews: true,
      run: async () => {
        pod.generator.child.kill("SIGKILL");
        await pod.generator.ended;
        pod.startGenerator();
      },
    },
    {
      what: "the generator is restarted",
      costs: "nothing",
      renews: true,
      run: async () => {
        await pod.generator.stop();
        pod.startGenerator();
      },
    },
    {
      what: "the reloader is restarted",
      costs: "requests",
      renews: true,
      run: async () => {
        onMasterKilled(await pod.masterPid());
        await pod.reloader.stop();
        pod.startReloader();
      },
    },
    {
      what: "the reloader is killed",
      costs: "requests",
      renews: true,
      run: async () => {
        onMasterKilled(await pod.masterPid());
        pod.reloader.child.kill("SIGKILL");
        await pod.reloader.ended;
        pod.startReloader();
      },
    },
  ];
  return () => faults[random.below(faults.length)] ?? api("nothing", async () => {});
};
