import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectionLimits, renderBuiltIn } from "../../src/reloader/main-conf.ts";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { isNginxAtLeast, type NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { type Child, startChild } from "./children.ts";
import { type Core, onCore } from "./pinning.ts";
import { proportionalKib } from "./process-figures.ts";

/** An nginx that is tested and signalled by hand, under the same nginx.conf as the reloader's. */
export interface NginxByHand {
  /** Replaces its default.conf. */
  write(text: string): Promise<void>;
  /** `nginx -t`. @returns its time in milliseconds @throws Error where it refuses */
  test(): Promise<number>;
  /** SIGHUP to the master. */
  signal(): void;
  /** Waits until no worker of an older generation is left. */
  settled(): Promise<void>;
  readonly masterPid: number;
  /** All its processes (Pss), in KiB. */
  memoryKib(): number;
  stop(): Promise<void>;
}

const descriptorLimit = (): number => {
  const text = readFileSync("/proc/self/limits", "latin1");
  return Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? 1024);
};

const mainConf = (nginx: NginxUnderTest, folder: string, workers: number): string =>
  renderBuiltIn({
    revision: "by-hand",
    confDir: join(folder, "conf.d"),
    socket: join(folder, "nginx.sock"),
    pid: join(folder, "nginx.pid"),
    reasons: join(folder, "nginx-emerg.log"),
    tempDir: join(folder, "temp"),
    workers,
    ...connectionLimits(descriptorLimit()),
    workerShutdownTimeout: "60s",
    keepaliveMinTimeout: isNginxAtLeast(nginx, "1.27.4") ? "5s" : null,
    hasStubStatus: false,
  });

/** Runs a command to its end. @returns its time in milliseconds @throws Error with its words when it fails */
export const timeCommand = (
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const [file, ...args] = command;
    const startMs = performance.now();
    const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "pipe"], timeout: 120_000 });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      const tookMs = performance.now() - startMs;
      if (code === 0) resolve(tookMs);
      else reject(new Error(`${command.join(" ")} ended with ${code}: ${stderr.slice(-2000)}`));
    });
  });

/** Starts it on a default.conf, in an empty folder of its own. */
export const startNginxByHand = async (
  nginx: NginxUnderTest,
  folder: string,
  options: { readonly workers: number; readonly defaultConf: string; readonly core?: Core },
): Promise<NginxByHand> => {
  await mkdir(join(folder, "conf.d"), { recursive: true });
  await mkdir(join(folder, "temp"), { recursive: true });
  const conf = join(folder, "nginx.conf");
  const file = join(folder, "conf.d", "default.conf");
  await writeFile(conf, mainConf(nginx, folder, options.workers));
  await writeFile(file, options.defaultConf);
  const command = [nginx.path, "-c", conf, "-e", "stderr", "-g", "daemon off;"] as const;
  const child: Child = await startChild(onCore(options.core ?? null, command));
  const settled = async (): Promise<void> => {
    // The master sleeps 100 ms before it retires the workers of before.
    await waitFor(
      "one generation of workers",
      async () => {
        const workers = await nginxChildren(child.pid);
        return workers.length === options.workers && workers.every(({ role }) => role === "active");
      },
      { deadlineMs: 90_000 },
    );
  };
  const server: NginxByHand = {
    write: async (text) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    },
    test: () => timeCommand([nginx.path, "-t", "-c", conf, "-e", "stderr"]),
    signal: () => void process.kill(child.pid, "SIGHUP"),
    settled,
    masterPid: child.pid,
    memoryKib: () => proportionalKib(child.pid),
    stop: child.stop,
  };
  try {
    await settled();
  } catch (cause) {
    await child.stop();
    throw new Error(`nginx did not come up: ${child.tail()}`, { cause });
  }
  return server;
};
