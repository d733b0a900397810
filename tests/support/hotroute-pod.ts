import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseStatus, type ReloaderStatus } from "../../src/contract/status.ts";
import type { NginxUnderTest } from "./nginx-binaries.ts";
import { get } from "./nginx-server.ts";
import { makePodSurroundings } from "./pod-surroundings.ts";
import { type RunningProgram, startProgram } from "./program.ts";

type Environment = Readonly<Record<string, string>>;

/** What the Pod's containers share, and its two long-running programs. */
export interface Pod {
  readonly folder: string;
  readonly configDir: string;
  readonly runDir: string;
  /** Where nginx takes requests. */
  readonly port: number;
  /** The one that runs now. */
  readonly generator: RunningProgram;
  readonly reloader: RunningProgram;
  /** Starts a program once more, after the one before has ended. */
  startGenerator(environment?: Environment): RunningProgram;
  startReloader(environment?: Environment): RunningProgram;
  /** What nginx answers for a host: the body of a 200, else the status; null when it does not answer. */
  answer(host: string): Promise<string | null>;
  /** What the reloader says; null when it has said nothing yet. */
  readStatus(): Promise<ReloaderStatus | null>;
  /** nginx's master as the pid file has it; 0 when there is none. */
  masterPid(): Promise<number>;
  /** A sample of a program's metrics; NaN where there is none. */
  metric(program: "generator" | "reloader", sample: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the programs as the Pod does: init to its end, then reloader and generator. */
export const startPod = async (
  nginx: NginxUnderTest,
  kubeconfigPath: string,
  settings: Environment = {},
): Promise<Pod> => {
  const {
    folder,
    configDir,
    runDir,
    port,
    environment: shared,
  } = await makePodSurroundings(nginx, kubeconfigPath, settings);
  const init = startProgram("init", shared);
  const code = await init.ended;
  if (code !== 0) throw new Error(`init ended with ${code}: ${init.stderr()}`);
  let reloader = startProgram("reloader", shared);
  let generator = startProgram("generator", shared);
  return {
    folder,
    configDir,
    runDir,
    port,
    get generator() {
      return generator;
    },
    get reloader() {
      return reloader;
    },
    startGenerator: (environment = {}) => {
      generator = startProgram("generator", { ...shared, ...environment });
      return generator;
    },
    startReloader: (environment = {}) => {
      reloader = startProgram("reloader", { ...shared, ...environment });
      return reloader;
    },
    answer: async (host) => {
      try {
        const { status, body } = await get({ port, host, path: "/" });
        return status === 200 ? body : String(status);
      } catch {
        return null;
      }
    },
    readStatus: async () => parseStatus(await readFile(join(runDir, "status.json"), "utf8").catch(() => "")),
    masterPid: async () => Number(await readFile(join(runDir, "nginx.pid"), "utf8").catch(() => "")),
    metric: async (name, sample) => {
      const [program, message] =
        name === "generator" ? [generator, "watching Services"] : [reloader, "reloader started"];
      const { port: endpoint } = await program.waitForLog(message);
      const { body } = await get({ port: Number(endpoint), host: "localhost", path: "/metrics" });
      const line = body.split("\n").find((text) => text.startsWith(`${sample} `));
      return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
    },
    stop: async () => {
      await generator.stop();
      await reloader.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
