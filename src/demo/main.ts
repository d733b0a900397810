import { existsSync } from "node:fs";
import { access, constants, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describeError, interruptedCode, ProgramError, runProgram } from "../ops/program.ts";
import { whenAborted } from "./abort.ts";
import { type DemoApi, startEmbedded, useCluster } from "./api.ts";
import { startBackends } from "./backends.ts";
import { type Cleanup, createCleanup } from "./cleanup.ts";
import { type DemoConfig, readConfig } from "./config.ts";
import { prepareFolder } from "./folder.ts";
import { type Pod, startPod } from "./pod.ts";
import { choosePorts, type DemoPorts, describeTaken } from "./port.ts";
import { sampleServices } from "./samples.ts";
import { createScreen, type Screen } from "./screen.ts";
import { followServicesFile } from "./services-file.ts";
import { runSmoke, waitForAnswer } from "./smoke.ts";
import type { StoryLine } from "./story.ts";

const startDeadlineMs = 30_000;

/** What the parts of one run share. */
interface Run {
  readonly config: DemoConfig;
  readonly screen: Screen;
  readonly folder: string;
  readonly cleanup: Cleanup;
  /** Aborted when the run is to end early: by a signal, or since nobody reads its output. */
  readonly stop: AbortSignal;
}

const startApi = async ({ config, folder, cleanup }: Run): Promise<DemoApi> => {
  const api =
    config.kubeconfig === null
      ? await startEmbedded(folder, config.apiPort)
      : await useCluster(config.kubeconfig, config.environment.PATH ?? "");
  cleanup.add(api.stop);
  const backends = await startBackends(api.client);
  cleanup.add(backends.stop);
  return api;
};

/** Writes the samples where there is no file yet, and applies what the file says. */
const startServicesFile = async ({ screen, cleanup }: Run, path: string, api: DemoApi): Promise<void> => {
  if (!existsSync(path)) await writeFile(path, sampleServices);
  const file = followServicesFile({
    path,
    client: api.client,
    onFault: (text) => screen.tell({ kind: "refused", text }),
  });
  cleanup.add(file.stop);
  await file.applied;
};

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const hasKubectl = async (path: string): Promise<boolean> =>
  (await Promise.all(path.split(delimiter).map((folder) => isExecutable(join(folder, "kubectl"))))).includes(true);

interface Running {
  readonly api: DemoApi;
  readonly ports: DemoPorts;
  readonly servicesPath: string | null;
  readonly pod: Pod;
}

/** Brings the whole Pod up, until nginx answers. */
const start = async (run: Run): Promise<Running> => {
  const { config, folder, screen, cleanup, stop } = run;
  const ports = await choosePorts(config);
  const api = await startApi(run);
  const servicesPath = api.isEmbedded ? join(folder, "services.yaml") : null;
  if (servicesPath !== null) await startServicesFile(run, servicesPath, api);
  // Nobody watches an unattended run: it tells what is wrong, and the time at its end.
  const tell = (line: StoryLine): void => {
    if (!config.isSmoke || line.kind === "refused" || line.kind === "problem") screen.tell(line);
  };
  const pod = await startPod({ config, folder, kubeconfig: api.kubeconfigPath, ports, tell, cleanup, stop });
  const serving = waitForAnswer({ port: ports.http, host: "nobody.localhost", deadlineMs: startDeadlineMs, stop });
  await Promise.race([serving, pod.failed]);
  return { api, ports, servicesPath, pod };
};

const smoke = async ({ cleanup, screen, stop }: Run, { api, ports, pod }: Running): Promise<void> => {
  const onLeft = (text: string): void => screen.tell({ kind: "refused", text });
  const options = { client: api.client, httpPort: ports.http, cleanup, stop, onLeft };
  const tookMs = await Promise.race([runSmoke(options), pod.failed]);
  screen.say(`smoke: nginx answered by the change ${Math.round(tookMs)} ms after the API was asked for it`);
};

const showFacts = async (run: Run, { api, ports, servicesPath }: Running, startedMs: number): Promise<void> => {
  const { config, screen, folder } = run;
  const apiNote = describeTaken("the API is", config.apiPort, api.port, "DEMO_API_PORT");
  screen.facts({
    httpPort: ports.http,
    notes: api.isPreferredPort ? ports.notes : [...ports.notes, apiNote],
    server: api.server,
    kubeconfigPath: api.kubeconfigPath,
    servicesPath,
    configPath: join(folder, "conf.d", "default.conf"),
    logFolder: join(folder, "log"),
    generatorPort: ports.generator,
    reloaderPort: ports.reloader,
    startedMs,
    hasKubectl: await hasKubectl(config.environment.PATH ?? ""),
  });
};

void runProgram("demo", async (signal) => {
  const startMs = performance.now();
  const config = readConfig();
  const screen = createScreen({ out: process.stdout, home: config.home, workingFolder: config.workingFolder });
  const stop = AbortSignal.any([signal, screen.lost]);
  const stopped = whenAborted(stop);
  const cleanup = createCleanup();
  let isDone = false;
  try {
    const folder = await prepareFolder(config.isSmoke ? null : config.folder, cleanup);
    const run: Run = { config, screen, folder: folder.path, cleanup, stop };
    const whole = async (): Promise<void> => {
      const running = await start(run);
      if (config.isSmoke) return smoke(run, running);
      await showFacts(run, running, performance.now() - startMs);
      return running.pod.failed;
    };
    const finished = whole().then(() => {
      isDone = true;
    });
    await Promise.race([stopped, finished]).catch((error: unknown) => {
      const hasLogs = config.isSmoke && existsSync(join(folder.path, "log", "init.log"));
      if (!hasLogs) throw error;
      folder.keep();
      throw new ProgramError(`${describeError(error)} (logs: ${join(folder.path, "log")})`);
    });
    if (stop.aborted) screen.stopping();
  } finally {
    await cleanup.run();
  }
  if (isDone || !config.isSmoke) return 0;
  if (!signal.aborted) throw new ProgramError("nobody reads the output any more: stopped");
  return interruptedCode(signal);
});
