import { once } from "node:events";
import { existsSync } from "node:fs";
import { access, constants, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ProgramError, runProgram } from "../ops/program.ts";
import { type DemoApi, startEmbedded, useCluster } from "./api.ts";
import { type Backends, startBackends } from "./backends.ts";
import { type ChildProgram, startProgram } from "./child-program.ts";
import { type DemoConfig, readConfig } from "./config.ts";
import { choosePort } from "./port.ts";
import { sampleServices } from "./samples.ts";
import { createScreen, type Screen } from "./screen.ts";
import { followServicesFile, type ServicesFile } from "./services-file.ts";
import { runSmoke, waitForAnswer } from "./smoke.ts";
import { type StoryLine, tellStory } from "./story.ts";

const stopGraceMs = 10_000;
const startDeadlineMs = 30_000;

/** What is to be undone at the end, in reverse order. */
type Cleanup = (() => Promise<void>)[];

const runCleanup = async (cleanup: Cleanup): Promise<void> => {
  for (const undo of cleanup.toReversed()) await undo().catch(() => undefined);
};

/** The folder: kept between runs of the demo, so that an edited Services file stays; a new one for each unattended run. */
const prepareFolder = async (config: DemoConfig, cleanup: Cleanup): Promise<string> => {
  if (config.isSmoke) {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-smoke-"));
    cleanup.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }
  try {
    await mkdir(config.folder, { recursive: true });
    for (const part of ["conf.d", "run", "log"]) await rm(join(config.folder, part), { recursive: true, force: true });
  } catch (cause) {
    throw new ProgramError(`cannot use ${config.folder}: set DEMO_DIR to a folder you may write to`, { cause });
  }
  return config.folder;
};

interface Ports {
  readonly http: number;
  readonly generator: number;
  readonly reloader: number;
  readonly notes: readonly string[];
}

const choosePorts = async (config: DemoConfig): Promise<Ports> => {
  const notes: string[] = [];
  const choose = async (what: string, preferred: number, setting: string): Promise<number> => {
    const { port, isPreferred } = await choosePort("127.0.0.1", preferred);
    if (!isPreferred) notes.push(`port ${preferred} is taken, so ${what} is on ${port} (${setting} chooses another)`);
    return port;
  };
  return {
    http: await choose("nginx", config.httpPort, "DEMO_HTTP_PORT"),
    generator: await choose("the generator's metrics", config.generatorPort, "DEMO_GENERATOR_PORT"),
    reloader: await choose("the reloader's metrics", config.reloaderPort, "DEMO_RELOADER_PORT"),
    notes,
  };
};

const startApi = async (config: DemoConfig, folder: string, ports: Ports, cleanup: Cleanup) => {
  const notes = [...ports.notes];
  const api: DemoApi =
    config.kubeconfig === null ? await startEmbedded(folder, config.apiPort) : await useCluster(config.kubeconfig);
  cleanup.push(api.stop);
  if (!api.isPreferredPort)
    notes.push(`port ${config.apiPort} is taken, so the API is at ${api.server} (DEMO_API_PORT)`);
  const backends: Backends = await startBackends(api.client);
  cleanup.push(backends.stop);
  return { api, backends, notes };
};

/** Writes the samples where there is no file yet, and applies what the file says. */
const startServicesFile = async (path: string, api: DemoApi, screen: Screen, cleanup: Cleanup): Promise<void> => {
  if (!existsSync(path)) await writeFile(path, sampleServices);
  const file: ServicesFile = followServicesFile({
    path,
    client: api.client,
    onFault: (text) => screen.tell({ kind: "refused", text }),
  });
  cleanup.push(file.stop);
  await file.applied;
};

/** Runs init to its end, then the generator and the reloader, as the Pod does. */
const startPod = async (
  config: DemoConfig,
  folder: string,
  api: DemoApi,
  ports: Ports,
  tell: (line: StoryLine) => void,
  cleanup: Cleanup,
): Promise<readonly ChildProgram[]> => {
  const logFolder = join(folder, "log");
  await mkdir(logFolder, { recursive: true });
  const environment = {
    ...config.environment,
    KUBECONFIG: api.kubeconfigPath,
    CONFIG_DIR: join(folder, "conf.d"),
    RUN_DIR: join(folder, "run"),
    HTTP_LISTEN: `127.0.0.1:${ports.http}`,
    GENERATOR_LISTEN: `127.0.0.1:${ports.generator}`,
    RELOADER_LISTEN: `127.0.0.1:${ports.reloader}`,
  };
  const start = (name: "init" | "generator" | "reloader"): ChildProgram => {
    const program = startProgram({
      name,
      script: config.script(name),
      environment,
      logPath: join(logFolder, `${name}.log`),
      onLine: (line) => {
        const story = tellStory(name, line);
        if (story !== null) tell(story);
      },
    });
    cleanup.push(() => program.stop(stopGraceMs));
    return program;
  };
  await mkdir(environment.CONFIG_DIR, { recursive: true });
  await mkdir(environment.RUN_DIR, { recursive: true });
  const code = await start("init").ended;
  if (code !== 0) throw new ProgramError(`init ended with ${code}: see ${join(logFolder, "init.log")}`);
  return [start("generator"), start("reloader")];
};

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const hasKubectl = async (path: string): Promise<boolean> =>
  (await Promise.all(path.split(delimiter).map((folder) => isExecutable(join(folder, "kubectl"))))).includes(true);

/** Rejects as soon as one of the programs ends by itself. */
const failWhenOneEnds = async (programs: readonly ChildProgram[], logFolder: string): Promise<never> => {
  const [name, code] = await Promise.race(
    programs.map(async (program) => [program.name, await program.ended] as const),
  );
  throw new ProgramError(`the ${name} ended with ${code}: see ${join(logFolder, `${name}.log`)}`);
};

const run = async (stop: AbortSignal, cleanup: Cleanup): Promise<void> => {
  const startMs = performance.now();
  const config = readConfig();
  const screen = createScreen(process.stdout);
  const folder = await prepareFolder(config, cleanup);
  const ports = await choosePorts(config);
  const { api, backends, notes } = await startApi(config, folder, ports, cleanup);
  const servicesPath = api.isEmbedded ? join(folder, "services.yaml") : null;
  if (servicesPath !== null) await startServicesFile(servicesPath, api, screen, cleanup);
  // Nobody watches an unattended run: it tells what is wrong, and the time at its end.
  const tell = (line: StoryLine): void => {
    if (!config.isSmoke || line.kind === "refused" || line.kind === "problem") screen.tell(line);
  };
  const programs = await startPod(config, folder, api, ports, tell, cleanup);
  const logFolder = join(folder, "log");
  const failed = failWhenOneEnds(programs, logFolder);
  const stopped = stop.aborted ? Promise.resolve() : once(stop, "abort");
  const serving = waitForAnswer(ports.http, "nobody.localhost", () => true, startDeadlineMs);
  await Promise.race([serving, failed, stopped]);
  if (stop.aborted) return;
  if (config.isSmoke) {
    const hasBackends = api.isEmbedded || backends.addresses().length > 0;
    const tookMs = await Promise.race([runSmoke({ client: api.client, httpPort: ports.http, hasBackends }), failed]);
    screen.say(`smoke: nginx answered by the change ${Math.round(tookMs)} ms after the API was asked for it`);
    return;
  }
  screen.facts({
    httpPort: ports.http,
    notes,
    server: api.server,
    kubeconfigPath: api.kubeconfigPath,
    servicesPath,
    configPath: join(folder, "conf.d", "default.conf"),
    logFolder,
    generatorPort: ports.generator,
    reloaderPort: ports.reloader,
    startedMs: Math.round(performance.now() - startMs),
    hasKubectl: await hasKubectl(config.environment.PATH ?? ""),
  });
  await Promise.race([stopped, failed]);
  screen.say("\nstopping");
};

void runProgram("demo", async (stop) => {
  const cleanup: Cleanup = [];
  try {
    await run(stop, cleanup);
    return 0;
  } finally {
    await runCleanup(cleanup);
  }
});
