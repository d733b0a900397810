import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "../../tests/support/wait.ts";
import { folderKib, type ProcessSample, processTree } from "./processes.ts";

/** The most that was seen of each part, in KiB. */
export interface Peak {
  readonly init: number;
  readonly generator: number;
  readonly reloader: number;
  /** All processes of nginx together: master, workers of every generation, and `nginx -t`. */
  readonly nginx: number;
  readonly configFolder: number;
  readonly runFolder: number;
}

const nothing: Peak = { init: 0, generator: 0, reloader: 0, nginx: 0, configFolder: 0, runFolder: 0 };

/** The three bundled programs on folders of their own. */
export interface MeasuredPod {
  /** What each part takes now. */
  sample(): Peak;
  /** CPU time since the start, in ms. */
  cpuMs(): { readonly generator: number; readonly nginx: number };
  /** The revision that is live; null when what is wanted is not live. */
  live(): Promise<string | null>;
  readonly initPeakKib: number;
  stop(): Promise<void>;
}

const sum = (samples: readonly ProcessSample[]): number => samples.reduce((total, { anonKib }) => total + anonKib, 0);

export const highest = (left: Peak, right: Peak): Peak => ({
  init: Math.max(left.init, right.init),
  generator: Math.max(left.generator, right.generator),
  reloader: Math.max(left.reloader, right.reloader),
  nginx: Math.max(left.nginx, right.nginx),
  configFolder: Math.max(left.configFolder, right.configFolder),
  runFolder: Math.max(left.runFolder, right.runFolder),
});

/** Runs init to its end. @returns the most private memory that it was seen to take, in KiB */
const runInit = async (script: string, env: NodeJS.ProcessEnv): Promise<number> => {
  const child = spawn(process.execPath, [script], { env, stdio: ["ignore", "ignore", "inherit"] });
  let peakKib = 0;
  const timer = setInterval(() => {
    peakKib = Math.max(peakKib, sum(processTree(child.pid ?? 0)));
  }, 20);
  const [code] = await once(child, "exit");
  clearInterval(timer);
  if (code !== 0) throw new Error(`init ended with ${code}`);
  return peakKib;
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
};

/**
 * Starts init, generator and reloader as the images do.
 *
 * @param dist the folder of the bundles: copied, so that a build meanwhile changes nothing
 */
export const startPod = async (folder: string, dist: string, settings: NodeJS.ProcessEnv): Promise<MeasuredPod> => {
  const [app, configDir, runDir] = [join(folder, "app"), join(folder, "conf.d"), join(folder, "run")];
  await cp(dist, app, { recursive: true });
  await mkdir(configDir);
  const env = {
    PATH: process.env.PATH,
    CONFIG_DIR: configDir,
    RUN_DIR: runDir,
    TMPDIR: folder,
    GENERATOR_LISTEN: "127.0.0.1:0",
    RELOADER_LISTEN: "127.0.0.1:0",
    ...settings,
  };
  const initPeakKib = await runInit(join(app, "init.cjs"), env);
  const start = (name: string): ChildProcess =>
    spawn(process.execPath, [join(app, `${name}.cjs`)], { env, stdio: ["ignore", "ignore", "inherit"] });
  const [reloader, generator] = [start("reloader"), start("generator")];
  process.once("exit", () => {
    for (const child of [reloader, generator]) child.kill("SIGTERM");
  });
  const live = async (): Promise<string | null> => {
    const status = JSON.parse(await readFile(join(runDir, "status.json"), "utf8")) as {
      readonly state: string;
      readonly live: string | null;
    };
    return status.state === "applied" ? status.live : null;
  };
  const isNginx = ({ command }: ProcessSample): boolean => /(?:^|\/)nginx(?::| )/.test(command);
  const nginxTree = (): readonly ProcessSample[] => processTree(reloader.pid ?? 0);
  const pod: MeasuredPod = {
    sample: () => {
      const tree = nginxTree();
      return {
        ...nothing,
        generator: sum(processTree(generator.pid ?? 0)),
        reloader: sum(tree.filter((process) => !isNginx(process))),
        nginx: sum(tree.filter(isNginx)),
        configFolder: folderKib(configDir),
        runFolder: folderKib(runDir),
      };
    },
    cpuMs: () => {
      const total = (samples: readonly ProcessSample[]): number => samples.reduce((all, { cpuMs }) => all + cpuMs, 0);
      return { generator: total(processTree(generator.pid ?? 0)), nginx: total(nginxTree()) };
    },
    live,
    initPeakKib,
    stop: async () => {
      await Promise.all([end(generator), end(reloader)]);
    },
  };
  try {
    await waitFor("nginx to serve", live, { deadlineMs: 120_000, everyMs: 100 });
  } catch (error) {
    await pod.stop();
    throw error;
  }
  return pod;
};
