import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { waitFor } from "../support/wait.ts";

/** A generator as a process, and what can be seen of it. */
export interface RunningGenerator {
  readonly program: RunningProgram;
  readonly folder: string;
  /** `default.conf`; empty while there is none. */
  text(): Promise<string>;
  /** Waits until nginx would be told to serve a host. */
  routed(host: string): Promise<void>;
  /** Waits until it would not. */
  notRouted(host: string): Promise<void>;
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** The value of a sample in /metrics, by its name with labels; NaN where there is none. */
  metric(sample: string): Promise<number>;
  waitForMetric(sample: string, test: (value: number) => boolean): Promise<number>;
  /** Log lines with this message. */
  lines(message: string): readonly Readonly<Record<string, unknown>>[];
}

export interface GeneratorSetup {
  /** A kubeconfig's text. */
  readonly kubeconfig: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** That of an earlier process, whose file lies there; default a new one. */
  readonly folder?: string;
}

/** A machine that is busy with other tests takes long to start a program. */
const patient = { deadlineMs: 60_000 };

/** Whether a configuration has a server for a host. */
export const serves = (text: string, host: string): boolean => text.includes(`server_name ${host};`);

/** Starts the generator; it is stopped, and its folder removed, after the test. */
export const startGenerator = async (
  t: Pick<TestContext, "after">,
  { kubeconfig, environment = {}, folder: given }: GeneratorSetup,
): Promise<RunningGenerator> => {
  const folder = given ?? (await mkdtemp(join(tmpdir(), "hotroute-generator-")));
  await mkdir(join(folder, "run"), { recursive: true });
  await writeFile(join(folder, "kubeconfig"), kubeconfig);
  const program = startProgram("generator", {
    KUBECONFIG: join(folder, "kubeconfig"),
    CONFIG_DIR: join(folder, "conf.d"),
    RUN_DIR: join(folder, "run"),
    GENERATOR_LISTEN: "127.0.0.1:0",
    COMPARE_INTERVAL_MS: "500",
    ...environment,
  });
  t.after(async () => {
    await program.stop();
    if (given === undefined) await rm(folder, { recursive: true, force: true });
  });
  const { port } = await waitFor(
    "the generator to start",
    () => program.log().find(({ msg }) => msg === "watching Services"),
    patient,
  );
  const text = () => readFile(join(folder, "conf.d", "default.conf"), "utf8").catch(() => "");
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { status: answer.status, body: await answer.text() };
  };
  const metric = async (sample: string): Promise<number> => {
    const line = (await get("/metrics")).body.split("\n").find((found) => found.startsWith(`${sample} `));
    return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
  };
  return {
    program,
    folder,
    text,
    get,
    metric,
    routed: async (host) => {
      await waitFor(`${host} to be routed`, async () => serves(await text(), host), patient);
    },
    notRouted: async (host) => {
      await waitFor(
        `${host} to be routed no more`,
        async () => {
          const found = await text();
          return found !== "" && !serves(found, host);
        },
        patient,
      );
    },
    waitForMetric: (sample, test) =>
      waitFor(
        sample,
        async () => {
          const value = await metric(sample);
          return test(value) ? { value } : null;
        },
        patient,
      ).then(({ value }) => value),
    lines: (message) => program.log().filter(({ msg }) => msg === message),
  };
};

/** Reads `default.conf` all the time, and remembers each host that a whole file once lacked. */
export const watchHosts = (
  generator: Pick<RunningGenerator, "text">,
  hosts: readonly string[],
): { stop(): Promise<readonly string[]> } => {
  const missed = new Set<string>();
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const text = await generator.text();
      for (const host of hosts) if (!serves(text, host)) missed.add(host);
      await sleep(2);
    }
  };
  const looking = look();
  return {
    stop: async () => {
      stopping.abort();
      await looking;
      return [...missed];
    },
  };
};
