// Memory and CPU of the bundled programs by the number of Services, idle and in a storm of changes. The figures of
// docs/sizing.md, and the resources in manifests/, come from here.
//
//   make build && NGINX_BIN=... node bench/sizing/run.ts [services ...]
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../../tests/support/embedded-apiserver.ts";
import { nginxBinaries } from "../../tests/support/nginx-binaries.ts";
import { freePort } from "../../tests/support/ports.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { highest, type MeasuredPod, type Peak, startPod } from "./pod.ts";

const [nginx] = nginxBinaries;
const dist = join(import.meta.dirname, "../../dist");
const settleMs = 20_000;
const idleMs = 30_000;
const stormMs = 30_000;
const changesPerSecond = 100;

/** A Service as `kubectl apply` leaves it: labels, hotroute's keys, and the last applied configuration. */
const serviceBody = (index: number, path: string) => {
  const labels = { app: `app-${index}`, "app.kubernetes.io/part-of": "shop", "hotroute.io/expose": "true" };
  const settings = { "hotroute.io/host": `app-${index}.example.com`, "hotroute.io/path": path };
  const spec = {
    selector: { app: `app-${index}` },
    ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
  };
  const applied = JSON.stringify({ kind: "Service", metadata: { labels, annotations: settings }, spec });
  const annotations = { ...settings, "kubectl.kubernetes.io/last-applied-configuration": `${applied}\n` };
  return { apiVersion: "v1", kind: "Service", metadata: { name: `app-${index}`, labels, annotations }, spec };
};

const servicesPath = "/api/v1/namespaces/default/services";

const createServices = async (api: EmbeddedApiServer, count: number): Promise<void> => {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const answer = await api.request("POST", servicesPath, { body: serviceBody(index, `/v${index % 9}`) });
      if (answer.status !== 201) throw new Error(`creating a Service: ${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
};

const change = async (api: EmbeddedApiServer, index: number, path: string): Promise<void> => {
  const body = { metadata: { annotations: { "hotroute.io/path": path } } };
  const contentType = "application/merge-patch+json";
  const answer = await api.request("PATCH", `${servicesPath}/app-${index}`, { body, contentType });
  if (answer.status !== 200) throw new Error(`changing a Service: ${answer.status} ${answer.body}`);
};

/** Changes one Service after the other, at a fixed rate, and waits until nginx serves the last change. */
const storm = async (api: EmbeddedApiServer, count: number, pod: MeasuredPod): Promise<number> => {
  const startMs = performance.now();
  let changes = 0;
  while (performance.now() - startMs < stormMs) {
    await change(api, changes % count, `/changed-${changes}`);
    changes += 1;
    await sleep(Math.max(0, startMs + (changes * 1000) / changesPerSecond - performance.now()));
  }
  await waitFor("the last change to be live", () => pod.live(), { deadlineMs: 300_000, everyMs: 100 });
  return changes;
};

const heldGenerations = 3;
const heldConnections = 32;

/** Opens requests that never end, so that the workers that have them cannot end either. */
const holdWorkers = (port: number): Promise<readonly Socket[]> =>
  Promise.all(
    Array.from({ length: heldConnections }, async () => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.on("error", () => {}); // nginx closes it in the end
      socket.write("GET / HTTP/1.1\r\nHost: app-0.example.com\r\n");
      return socket;
    }),
  );

/** What a generation of workers that drains costs, in KiB. */
const generationCost = async (api: EmbeddedApiServer, pod: MeasuredPod, port: number): Promise<number> => {
  const before = pod.sample().nginx;
  const sockets: Socket[] = [];
  for (let generation = 0; generation < heldGenerations; generation += 1) {
    sockets.push(...(await holdWorkers(port)));
    const revision = await pod.live();
    await change(api, 0, `/held-${generation}`);
    const isLive = async (): Promise<boolean> => {
      const live = await pod.live();
      return live !== null && live !== revision;
    };
    await waitFor("the change to be live", isLive, { deadlineMs: 300_000 });
  }
  const cost = (pod.sample().nginx - before) / heldGenerations;
  for (const socket of sockets) socket.destroy();
  return cost;
};

/** Runs an action, and gives the most of each part that was seen meanwhile. */
const peakDuring = async (pod: MeasuredPod, act: () => Promise<unknown>): Promise<Peak> => {
  let peak = pod.sample();
  const timer = setInterval(() => {
    peak = highest(peak, pod.sample());
  }, 250);
  await act();
  clearInterval(timer);
  return peak;
};

const mib = (kib: number): string => `${(kib / 1024).toFixed(kib < 10_240 ? 1 : 0)} MiB`;

const show = (name: string, peak: Peak): string =>
  `  ${name}: generator ${mib(peak.generator)}, reloader ${mib(peak.reloader)}, nginx ${mib(peak.nginx)}, ` +
  `config ${mib(peak.configFolder)}, run ${mib(peak.runFolder)}`;

/** CPU while an action runs, in thousandths of a core. */
const cpuDuring = async (pod: MeasuredPod, act: () => Promise<unknown>): Promise<string> => {
  const [before, startMs] = [pod.cpuMs(), performance.now()];
  await act();
  const [after, tookMs] = [pod.cpuMs(), performance.now() - startMs];
  const milli = (ms: number): number => Math.round((ms / tookMs) * 1000);
  return `generator ${milli(after.generator - before.generator)}m, reloader and nginx ${milli(after.nginx - before.nginx)}m`;
};

const measure = async (count: number): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-bench-sizing-"));
  const api = await startEmbeddedApiServer();
  try {
    await createServices(api, count);
    const port = await freePort();
    const pod = await startPod(folder, dist, {
      KUBECONFIG: api.kubeconfigPath,
      HTTP_LISTEN: `127.0.0.1:${port}`,
      ACCESS_LOG: "off",
      // As without a CPU limit on a node of four cores or more.
      WORKERS: "4",
      // What it costs is to be seen, not how the reloader holds it back.
      DRAIN_WAIT_MS: "0",
      // Nor how it gives up on a busy machine.
      TEST_TIMEOUT_MS: "60000",
      VERIFY_TIMEOUT_MS: "60000",
      ...(nginx === undefined ? {} : { NGINX_BIN: nginx.path, NGINX_VERSION: nginx.version }),
    });
    try {
      await sleep(settleMs);
      console.log(`${count} Services: init at most ${mib(pod.initPeakKib)}`);
      const idleCpu = await cpuDuring(pod, () => sleep(idleMs));
      console.log(`${show("idle", pod.sample())}; CPU ${idleCpu}`);
      let stormCpu = "";
      let changes = 0;
      const peak = await peakDuring(pod, async () => {
        stormCpu = await cpuDuring(pod, async () => {
          changes = await storm(api, count, pod);
        });
      });
      console.log(`${show(`storm of ${changes} changes`, peak)}; CPU ${stormCpu}`);
      await sleep(settleMs);
      console.log(show("afterwards", pod.sample()));
      console.log(`  a generation that drains: ${mib(await generationCost(api, pod, port))}`);
    } finally {
      await pod.stop();
    }
  } finally {
    await api.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [10, 1000, 5000]) await measure(count);
