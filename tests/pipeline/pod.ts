import { rm } from "node:fs/promises";
import { createService, deleteService, exposed } from "../support/api-servers.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import type { NginxUnderTest } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { makePodSurroundings } from "../support/pod-surroundings.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { waitFor } from "../support/wait.ts";

/** The three containers of one Pod, and the embedded API server, for a test that starts and kills them as it likes. */
export interface Pod {
  readonly server: EmbeddedApiServer;
  readonly configDir: string;
  /** Where nginx takes requests. */
  readonly port: number;
  start(program: "init" | "generator" | "reloader"): RunningProgram;
  /** Creates a Service that is routed at `NAME.example.com`. */
  expose(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** The same, with a backend that answers with its name. */
  serve(name: string): Promise<void>;
  /** What a host answers, or the status where that is not 200. */
  answer(host: string): Promise<string>;
  waitForAnswer(host: string, wanted: string): Promise<void>;
  /** Asks for a Service that is served, of which the answer must never change. */
  startTraffic(name: string): Traffic;
}

/** Requests, one after the other, each on a connection of its own, until they are stopped. */
export interface Traffic {
  stop(): Promise<{ readonly requests: number; readonly failures: readonly string[] }>;
}

const startTraffic = (ask: () => Promise<string>, wanted: string): Traffic => {
  let isOver = false;
  let requests = 0;
  const failures: string[] = [];
  const running = (async () => {
    for (; !isOver; requests += 1) {
      const answer = await ask().catch(String);
      if (answer !== wanted) failures.push(answer);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return { requests, failures };
    },
  };
};

/** Runs a test on a Pod of its own, and leaves nothing behind, whatever happens. */
export const onPod = async (
  nginx: NginxUnderTest,
  test: (pod: Pod) => Promise<void>,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const server = await startEmbeddedApiServer();
  const { folder, configDir, port, environment } = await makePodSurroundings(nginx, server.kubeconfigPath, settings);
  const programs: RunningProgram[] = [];
  const backends: Backend[] = [];
  const traffics: Traffic[] = [];
  const expose = (name: string): Promise<{ readonly clusterIP: string }> =>
    createService(server, { name, labels: exposed(`${name}.example.com`) });
  const answer = async (host: string): Promise<string> => {
    const { status, body } = await get({ port, host, path: "/" });
    return status === 200 ? body : String(status);
  };
  try {
    await test({
      server,
      configDir,
      port,
      start: (name) => {
        const program = startProgram(name, environment);
        programs.push(program);
        return program;
      },
      expose: async (name) => {
        await expose(name);
      },
      remove: (name) => deleteService(server, name),
      serve: async (name) => {
        const { clusterIP } = await expose(name);
        backends.push(await startBackend(name, clusterIP, 8000));
      },
      answer,
      waitForAnswer: async (host, wanted) => {
        await waitFor(`${host} to be answered by ${wanted}`, async () => (await answer(host)) === wanted);
      },
      startTraffic: (name) => {
        const traffic = startTraffic(() => answer(`${name}.example.com`), name);
        traffics.push(traffic);
        return traffic;
      },
    });
  } finally {
    await Promise.all(traffics.map((traffic) => traffic.stop()));
    await Promise.all(programs.map((program) => program.stop()));
    await Promise.all(backends.map((backend) => backend.stop()));
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
};
