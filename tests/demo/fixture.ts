import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnvironment } from "../support/child-environment.ts";
import { programFile } from "../support/program-file.ts";
import { waitFor } from "../support/wait.ts";

export interface DemoOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running demo, with a folder of its own. */
export interface RunningDemo {
  readonly child: ChildProcess;
  /** What it wrote to standard output so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Waits until it wrote this. */
  readonly waitForText: (text: string) => Promise<void>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** What a test of the demo has: a folder, and the demos started in it. */
export interface Stage {
  /** Temporary; DEMO_DIR and TMPDIR lie in it. */
  readonly folder: string;
  readonly demoFolder: string;
  readonly start: (options?: DemoOptions) => RunningDemo;
  /** Waits until no process of the stage is left. */
  readonly waitForNobody: () => Promise<void>;
  readonly processes: () => Promise<readonly StageProcess[]>;
}

export interface StageProcess {
  readonly pid: number;
  readonly title: string;
}

const contentOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

const workingFolderOf = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
};

/** Every process that was started with the folder's name in its environment or arguments, or that works in it. */
export const processesOf = (folder: string): readonly StageProcess[] => {
  const found: StageProcess[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`)) {
    const title = contentOf(`/proc/${pid}/cmdline`);
    if (`${title}${contentOf(`/proc/${pid}/environ`)}${workingFolderOf(pid)}`.includes(folder)) {
      found.push({ pid: Number(pid), title: title.replaceAll("\0", " ").trim() });
    }
  }
  return found;
};

const startDemo = (folder: string, demoFolder: string, options: DemoOptions): RunningDemo => {
  const { NGINX_BIN = "" } = process.env;
  const child = spawn(process.execPath, [programFile("demo"), ...(options.args ?? [])], {
    cwd: folder,
    env: {
      ...childEnvironment,
      NGINX_BIN,
      HOME: folder,
      TMPDIR: folder,
      DEMO_DIR: demoFolder,
      DEMO_HTTP_PORT: "0",
      DEMO_API_PORT: "0",
      DEMO_GENERATOR_PORT: "0",
      DEMO_RELOADER_PORT: "0",
      ...options.environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 1));
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    waitForText: async (text) => {
      await waitFor(`the demo to say ${JSON.stringify(text)}; it said ${out}${err}`, () => out.includes(text));
    },
  };
};

/** Runs a test on a stage of its own, and leaves nothing behind, also when it fails. */
export const onStage = async (test: (stage: Stage) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-demo-test-"));
  const processes = async (): Promise<readonly StageProcess[]> => processesOf(folder);
  const stage: Stage = {
    folder,
    demoFolder: join(folder, "demo"),
    processes,
    start: (options = {}) => startDemo(folder, join(folder, "demo"), options),
    waitForNobody: async () => {
      let left: readonly StageProcess[] = [];
      await waitFor("every process of the demo to end", async () => {
        left = await processes();
        return left.length === 0;
      }).catch((cause: unknown) => Promise.reject(new Error(`left: ${JSON.stringify(left)}`, { cause })));
    },
  };
  try {
    await test(stage);
  } finally {
    for (const { pid } of await processes()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
};

/** Starts a demo and waits until its first screen is there. */
export const startAndWait = async (stage: Stage, options?: DemoOptions): Promise<RunningDemo> => {
  const demo = stage.start(options);
  await demo.waitForText("Try in another terminal");
  return demo;
};
