import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ProgramError } from "../ops/program.ts";
import { type ChildProgram, startProgram } from "./child-program.ts";
import type { Cleanup } from "./cleanup.ts";
import type { DemoConfig, PodProgram } from "./config.ts";
import { startGuard } from "./guard.ts";
import type { DemoPorts } from "./port.ts";
import { isLastWords, type StoryLine, tellStory } from "./story.ts";

const stopGraceMs = 10_000;

export interface PodOptions {
  readonly config: DemoConfig;
  readonly folder: string;
  /** KUBECONFIG of the programs. */
  readonly kubeconfig: string;
  readonly ports: DemoPorts;
  readonly tell: (line: StoryLine) => void;
  readonly cleanup: Cleanup;
  /** Once aborted, nothing is started any more. */
  readonly stop: AbortSignal;
}

/** The programs of the Pod, as processes of this machine. */
export interface Pod {
  /** Rejects as soon as one of them ends by itself. */
  readonly failed: Promise<never>;
}

/** What the nginx of this machine is, so that what it does not know is refused route by route; empty when it is not known. */
const nginxVersion = ({ NGINX_BIN, PATH = "" }: DemoConfig["environment"]): Readonly<Record<string, string>> => {
  // Empty is as unset, as all settings are read.
  const { stderr } = spawnSync(NGINX_BIN || "nginx", ["-v"], { env: { PATH }, encoding: "utf8", timeout: 5000 });
  const version = /nginx\/(\d+\.\d+\.\d+)/.exec(stderr ?? "")?.[1];
  return version === undefined ? {} : { NGINX_VERSION: version };
};

const environmentOf = ({ config, folder, kubeconfig, ports }: PodOptions): NodeJS.ProcessEnv => ({
  ...nginxVersion(config.environment),
  ...config.environment,
  KUBECONFIG: kubeconfig,
  // Nothing is written to a cluster that is not the demo's own.
  ...(config.kubeconfig === null ? {} : { EVENTS: "false" }),
  CONFIG_DIR: join(folder, "conf.d"),
  RUN_DIR: join(folder, "run"),
  // nginx's temporary files: what a killed run leaves is removed by the next.
  TMPDIR: join(folder, "tmp"),
  HTTP_LISTEN: `127.0.0.1:${ports.http}`,
  GENERATOR_LISTEN: `127.0.0.1:${ports.generator}`,
  RELOADER_LISTEN: `127.0.0.1:${ports.reloader}`,
});

interface Started {
  readonly program: ChildProgram;
  readonly lastWords: () => string;
}

/** What a program that should not have ended says, on one line. */
const describeEnd = (name: string, code: number | NodeJS.Signals, lastWords: string): string =>
  `the ${name} ended with ${code}${lastWords === "" ? "" : `: ${lastWords}`}`;

/**
 * Runs init to its end, then the generator and the reloader, as the Pod does.
 *
 * @throws ProgramError when init fails, with its reason
 */
export const startPod = async (options: PodOptions): Promise<Pod> => {
  const { config, folder, tell, cleanup, stop } = options;
  const environment = environmentOf(options);
  const guard = await startGuard(join(folder, "run"));
  cleanup.add(guard.stop);
  const start = (name: PodProgram): Started => {
    stop.throwIfAborted();
    let lastWords = "";
    const program = startProgram({
      name,
      script: config.script(name),
      environment,
      guard,
      logPath: join(folder, "log", `${name}.log`),
      onLine: (line) => {
        if (isLastWords(name, line)) lastWords = line.slice(`hotroute ${name}: `.length);
        const story = tellStory(name, line);
        if (story !== null) tell(story);
      },
    });
    cleanup.add(() => program.stop(stopGraceMs));
    return { program, lastWords: () => lastWords };
  };
  const init = start("init");
  const code = await Promise.race([init.program.ended, guard.failed]);
  if (code !== 0) throw new ProgramError(describeEnd("init", code, init.lastWords()));
  const running = [start("generator"), start("reloader")];
  const oneEnded = Promise.race(
    running.map(async ({ program, lastWords }): Promise<never> => {
      throw new ProgramError(describeEnd(program.name, await program.ended, lastWords()));
    }),
  );
  const failed = Promise.race([oneEnded, guard.failed]);
  // Programs that the demo itself stops end too, when nobody asks any more.
  failed.catch(() => undefined);
  return { failed };
};
