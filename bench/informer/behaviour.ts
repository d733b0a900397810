import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FaultyIntermediary, startFaultyIntermediary } from "../../tests/support/faulty-intermediary.ts";
import { type FaultyProxy, startFaultyProxy } from "../../tests/support/faulty-proxy.ts";
import { kubeconfigFor, type TestApiServer } from "../../tests/support/test-apiserver.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { createSubjects, type Subject } from "./subjects.ts";

/** How long a client is given to show that it still lives after a fault. */
const GRACE_MS = 15_000;

/** What one client did in one scenario. */
export interface Finding {
  readonly scenario: string;
  readonly subject: string;
  readonly finding: string;
}

interface Scene {
  readonly server: TestApiServer;
  /** client → intermediary (plain http) → proxy → API server */
  readonly way: FaultyIntermediary;
  readonly proxy: FaultyProxy;
  readonly subject: Subject;
  createService(): Promise<void>;
}

let created = 0;
const createService = async (server: TestApiServer): Promise<void> => {
  created += 1;
  const body = { metadata: { name: `late-${created}` }, spec: { ports: [{ port: 80 }] } };
  const answer = await server.request("POST", "/api/v1/namespaces/default/services", { body });
  if (answer.status !== 201) throw new Error(`creating a Service: ${answer.status} ${answer.body}`);
};

const started = async ({ subject }: Scene): Promise<void> => {
  await subject.start();
  await waitFor("the first list", () => subject.size() > 0);
};

/** Whether a Service that is created now arrives, and how soon. */
const follows = async (scene: Scene): Promise<string> => {
  const before = scene.subject.size();
  const startMs = performance.now();
  await scene.createService();
  try {
    await waitFor("the new Service", () => scene.subject.size() > before, { deadlineMs: GRACE_MS });
    return `goes on: a new Service is seen ${Math.round(performance.now() - startMs)} ms later`;
  } catch {
    return `dead: a new Service is not seen within ${GRACE_MS / 1000} s`;
  }
};

const watchCount = ({ way }: Scene): number => way.seen.filter(({ watch }) => watch).length;

const SCENARIOS: Readonly<Record<string, (scene: Scene) => Promise<string>>> = {
  "TCP reset during the watch": async (scene) => {
    await started(scene);
    await waitFor("the watch", () => watchCount(scene) > 0);
    scene.proxy.cut("reset");
    await sleep(100);
    return await follows(scene);
  },
  "500 on a watch, once": async (scene) => {
    let faults = 0;
    scene.way.setFault(({ watch }) => {
      if (!watch || faults > 0) return null;
      faults += 1;
      return { kind: "answer", status: 500, body: "{}" };
    });
    await started(scene);
    await waitFor("the fault", () => faults === 1);
    return await follows(scene);
  },
  "500 on the first list, once": async (scene) => {
    let faults = 0;
    scene.way.setFault(({ watch }) => {
      if (watch || faults > 0) return null;
      faults += 1;
      return { kind: "answer", status: 500, body: "{}" };
    });
    const start = await scene.subject.start();
    await waitFor("the fault", () => faults === 1);
    await sleep(2_000);
    return `start(): ${start}; 2 s later ${scene.subject.size()} Services; ${await follows(scene)}`;
  },
  "stop() during the first list": async (scene) => {
    scene.proxy.setMode({ kind: "delay", delayMs: 500 });
    void scene.subject.start();
    await waitFor("the list", () => scene.way.seen.length > 0);
    await scene.subject.stop();
    scene.proxy.setMode({ kind: "pass" });
    await sleep(4_000);
    return watchCount(scene) === 0 ? "no watch is opened" : "the watch is opened afterwards, and stays open";
  },
};

const play = async (
  server: TestApiServer,
  folder: string,
  scenario: string,
  index: number,
  run: (scene: Scene) => Promise<string>,
): Promise<Finding> => {
  const proxy = await startFaultyProxy(server.url);
  const way = await startFaultyIntermediary({ ...server, url: proxy.url });
  const path = join(folder, "behaviour-kubeconfig");
  await writeFile(path, kubeconfigFor({ url: way.url, token: null, caPem: null }));
  const subject = (await createSubjects(path))[index];
  if (subject === undefined) throw new RangeError(`no subject ${index}`);
  try {
    const finding = await run({ server, way, proxy, subject, createService: () => createService(server) });
    return { scenario, subject: subject.name, finding };
  } finally {
    await subject.stop();
    await way.stop();
    await proxy.stop();
  }
};

const REQUESTS = 20;

/** TCP (and TLS) connections for 20 lists one after another. */
const countConnections = async (server: TestApiServer, folder: string): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const proxy = await startFaultyProxy(server.url);
  const path = join(folder, "connections-kubeconfig");
  await writeFile(path, kubeconfigFor({ url: proxy.url, token: server.token, caPem: server.caPem }));
  for (const subject of await createSubjects(path)) {
    const before = proxy.accepted;
    for (let i = 0; i < REQUESTS; i += 1) await subject.list();
    const finding = `${proxy.accepted - before} connections, ${proxy.open} still open`;
    findings.push({ scenario: `${REQUESTS} requests one after another`, subject: subject.name, finding });
    await subject.stop();
    proxy.cut("reset");
    await waitFor("the connections to close", () => proxy.open === 0);
  }
  await proxy.stop();
  return findings;
};

/** Every scenario with both clients. */
export const compareBehaviour = async (server: TestApiServer, folder: string): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const [scenario, run] of Object.entries(SCENARIOS)) {
    for (const index of [0, 1]) findings.push(await play(server, folder, scenario, index, run));
  }
  return [...findings, ...(await countConnections(server, folder))];
};
