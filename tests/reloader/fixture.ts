import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseStatus, type ReloaderStatus } from "../../src/contract/status.ts";
import { type State, transitions } from "../../src/reloader/plan.ts";
import { readProcess } from "../../src/reloader/processes.ts";
import { withFooter } from "../support/footer.ts";
import type { NginxUnderTest } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { waitFor } from "../support/wait.ts";

/** A configuration that answers every request with one text. */
export const serverText = (port: number, body: string): string =>
  `server {\n    listen 127.0.0.1:${port};\n    location / { return 200 "${body}"; }\n}\n`;

/** A folder with a configuration directory and a run directory, and a port, for one reloader after the other. */
export interface Stage {
  readonly configDir: string;
  readonly runDir: string;
  readonly file: string;
  readonly port: number;
  /** Starts the reloader on them. */
  start(settings?: Readonly<Record<string, string>>): Promise<Reloader>;
  /** Writes default.conf as the generator does: with its footer, by rename. */
  publish(text: string): Promise<void>;
  /** What nginx answers on the port; null when it does not. */
  body(path?: string): Promise<string | null>;
  waitForBody(body: string): Promise<void>;
  readStatus(): Promise<ReloaderStatus | null>;
  waitForStatus(what: string, test: (status: ReloaderStatus) => boolean): Promise<ReloaderStatus>;
  /** nginx's master as the pid file has it. */
  masterPid(): Promise<number>;
}

/** A running reloader. */
export interface Reloader extends RunningProgram {
  /** What one of its own endpoints answers. */
  ask(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** The value of a metric by its name and labels, as they are written. */
  metric(series: string): Promise<number | null>;
  waitForMetric(series: string, test: (value: number) => boolean): Promise<number>;
}

/** A deadline catches a hang; a machine that is busy with other tests may need most of a minute to start a program. */
const patience = { deadlineMs: 60_000 } as const;

const control = async (program: RunningProgram): Promise<Reloader> => {
  const started = await waitFor(
    "the reloader to start",
    () => program.log().find(({ msg }) => msg === "reloader started"),
    patience,
  );
  const port = Number(started.port);
  const ask = (path: string) => get({ port, host: "localhost", path });
  const metric = async (series: string): Promise<number | null> => {
    const line = (await ask("/metrics")).body.split("\n").find((text) => text.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  return {
    ...program,
    ask,
    metric,
    waitForMetric: (series, test) =>
      waitFor(
        series,
        async () => {
          const value = await metric(series);
          return value !== null && test(value) && value;
        },
        patience,
      ),
  };
};

/** Whether a text is the name of a state. */
const isState = (value: unknown): value is State => typeof value === "string" && value in transitions;

/** Holds what a reloader did to the table of its states: each real run is a test of it. */
const assertTransitions = (program: RunningProgram): void => {
  for (const { msg, from, to } of program.log()) {
    if (msg !== "state") continue;
    assert.ok(isState(from) && isState(to), `${from} → ${to}`);
    assert.ok(transitions[from].includes(to), `${from} → ${to} is not in the table of states`);
  }
};

/** Runs a test on a stage of its own, and leaves nothing behind, whatever happens. */
export const onStage = async (nginx: NginxUnderTest, test: (stage: Stage) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-reloader-"));
  const configDir = join(folder, "conf");
  const runDir = join(folder, "run");
  const file = join(configDir, "default.conf");
  const port = await freePort();
  const programs: RunningProgram[] = [];
  await mkdir(configDir);
  const readStatus = async (): Promise<ReloaderStatus | null> => {
    try {
      return parseStatus(await readFile(join(runDir, "status.json"), "utf8"));
    } catch {
      return null;
    }
  };
  const body = async (path = "/"): Promise<string | null> => {
    try {
      return (await get({ port, host: "localhost", path })).body;
    } catch {
      return null;
    }
  };
  try {
    await test({
      configDir,
      runDir,
      file,
      port,
      start: async (settings = {}) => {
        const program = startProgram("reloader", {
          CONFIG_DIR: configDir,
          RUN_DIR: runDir,
          TMPDIR: folder,
          NGINX_BIN: nginx.path,
          RELOADER_LISTEN: "127.0.0.1:0",
          LOG_LEVEL: "debug",
          ...settings,
        });
        programs.push(program);
        return control(program);
      },
      publish: async (text) => {
        const temporary = join(configDir, ".default.conf.tmp");
        await writeFile(temporary, withFooter(text));
        await rename(temporary, file);
      },
      body,
      waitForBody: async (wanted) => {
        await waitFor(`nginx to answer ${wanted}`, async () => (await body()) === wanted, patience);
      },
      readStatus,
      waitForStatus: (what, isIt) =>
        waitFor(
          `status.json: ${what}`,
          async () => {
            const status = await readStatus();
            return status !== null && isIt(status) && status;
          },
          patience,
        ),
      masterPid: () =>
        waitFor("the pid file", async () => Number(await readFile(join(runDir, "nginx.pid"), "utf8")) || null),
    });
    for (const program of programs) assertTransitions(program);
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
};

export const isApplied = (status: ReloaderStatus): boolean =>
  status.state === "applied" && status.live === status.wanted;

/** Whether a process runs, and is not only waiting to be collected. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const info = await readProcess(pid);
  return info !== null && !info.isZombie;
};
