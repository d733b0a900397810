import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseStatus } from "../../src/contract/status.ts";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { get } from "../../tests/support/nginx-server.ts";
import { freePort } from "../../tests/support/ports.ts";
import { startChild } from "../parts/children.ts";
import { timeCommand } from "../parts/nginx-by-hand.ts";
import { processorMs } from "../parts/process-figures.ts";
import type { Place, RunningSubject, Subject } from "./subject.ts";

/** hotroute at work, with what only it can tell. */
export interface RunningHotroute extends RunningSubject {
  readonly configFile: string;
  readonly generatorPid: number;
  readonly reloaderPid: number;
  masterPid(): Promise<number>;
  /** When nginx was signalled for what it serves now (`Date.now()`), and how long its test took. After `isSettled`. */
  lastReload(): Promise<{ readonly signalledAtMs: number; readonly testedMs: number }>;
  /** A sample of a program's metrics, by its name and labels; NaN where there is none. */
  metric(program: "generator" | "reloader", sample: string): Promise<number>;
}

/** What all three programs see of the environment. */
export const environmentOf = (place: Place): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  KUBECONFIG: place.kubeconfigPath,
  CONFIG_DIR: join(place.folder, "conf.d"),
  RUN_DIR: join(place.folder, "run"),
  TMPDIR: place.folder,
  HTTP_LISTEN: `127.0.0.1:${place.port}`,
  NGINX_BIN: place.nginx.path,
  NGINX_VERSION: place.nginx.version,
  WORKERS: String(place.workers),
  // The programs' output is read through a pipe of the benchmark's; nginx cannot open what is a socket.
  ACCESS_LOG: "off",
  // A machine that is slow or busy is to be measured, not to be given up.
  TEST_TIMEOUT_MS: "60000",
  VERIFY_TIMEOUT_MS: "60000",
  ...place.settings,
});

/** Reads one sample of a text in Prometheus' format. */
export const readMetric = async (port: number, sample: string): Promise<number> => {
  const { body } = await get({ port, host: "localhost", path: "/metrics" });
  const line = body.split("\n").find((text) => text.startsWith(`${sample} `));
  return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
};

const results = ["applied", "rejected", "unverified", "failed"] as const;

/** Starts init, then reloader and generator, from the bundles, as the Pod does. */
export const startHotroute = async (place: Place): Promise<RunningHotroute> => {
  const [generatorPort, reloaderPort] = [await freePort(), await freePort()];
  const env = {
    ...environmentOf(place),
    GENERATOR_LISTEN: `127.0.0.1:${generatorPort}`,
    RELOADER_LISTEN: `127.0.0.1:${reloaderPort}`,
  };
  const runDir = join(place.folder, "run");
  const configFile = join(place.folder, "conf.d", "default.conf");
  await mkdir(runDir, { recursive: true });
  const program = (name: string) => [process.execPath, join(place.dist, `${name}.cjs`)] as const;
  await timeCommand(program("init"), env);
  const reloader = await startChild(program("reloader"), { env });
  const generator = await startChild(program("generator"), { env }).catch(async (error: unknown) => {
    await reloader.stop();
    throw error;
  });
  const masterPid = async (): Promise<number> =>
    Number(await readFile(join(runDir, "nginx.pid"), "utf8").catch(() => ""));
  const readStatus = async () => parseStatus(await readFile(join(runDir, "status.json"), "utf8").catch(() => ""));
  return {
    configFile,
    generatorPid: generator.pid,
    reloaderPid: reloader.pid,
    masterPid,
    metric: (name, sample) => readMetric(name === "generator" ? generatorPort : reloaderPort, sample),
    isSettled: async () => {
      const status = await readStatus();
      if (status?.state !== "applied") return false;
      const hash = createHash("sha256")
        .update(await readFile(configFile))
        .digest("hex");
      if (status.files["default.conf"] !== hash) return false;
      return (await nginxChildren(await masterPid())).length === place.workers;
    },
    lastReload: async () => {
      const status = await readStatus();
      const { since, testedMs = null, settledMs = null } = status ?? {};
      if (since === undefined || testedMs === null || settledMs === null) throw new Error("nothing was reloaded");
      return { signalledAtMs: Date.parse(since) - settledMs, testedMs };
    },
    reloads: async () => {
      const counts = await Promise.all(
        results.map((result) => readMetric(reloaderPort, `hotroute_reloads_total{result="${result}"}`)),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    processorMs: () => processorMs(generator.pid),
    tail: () => `${generator.tail()}\n${reloader.tail()}`,
    pause: () => {
      generator.pause();
      reloader.pause();
    },
    resume: () => {
      reloader.resume();
      generator.resume();
    },
    stop: async () => {
      await Promise.all([generator.stop(), reloader.stop()]);
    },
  };
};

export const hotroute: Subject = { name: "hotroute", missing: () => null, start: startHotroute };
