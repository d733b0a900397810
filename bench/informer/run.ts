// Compares client-node's makeInformer with hotroute's reflector: idle memory at N Services, and behaviour under faults.
// The figures of docs/adr/0001-own-reflector.md come from here.
//
//   KUBEBUILDER_ASSETS=... node bench/informer/run.ts [services=5000] [runs=5]
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeApiServerAvailable, startKubeApiServer } from "../../tests/support/kube-apiserver.ts";
import type { TestApiServer } from "../../tests/support/test-apiserver.ts";
import { compareBehaviour } from "./behaviour.ts";
import { bundle, type Layout, type MemorySample, measureMemory } from "./memory.ts";

const PARALLEL = 16;
const MEASURED: readonly (readonly [program: string, layout: Layout])[] = [
  ["load-nothing", "one file"],
  ["load-client-node", "one file"],
  ["watch-informer", "one file"],
  ["watch-reflector", "one file"],
  ["watch-reflector", "client-node apart"],
];

/** A Service as `kubectl apply` leaves it: labels, hotroute's keys, and the last applied configuration. */
const serviceBody = (index: number): unknown => {
  const labels = { app: `app-${index}`, "app.kubernetes.io/part-of": "shop", "hotroute.io/expose": "true" };
  const settings = { "hotroute.io/host": `app-${index}.example.com`, "hotroute.io/path": `/v${index % 9}` };
  const spec = { selector: { app: `app-${index}` }, ports: [{ name: "http", port: 80, targetPort: 8080 }] };
  const applied = JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { labels, annotations: settings },
    spec,
  });
  const annotations = { ...settings, "kubectl.kubernetes.io/last-applied-configuration": `${applied}\n` };
  return { metadata: { name: `app-${index}`, labels, annotations }, spec };
};

const createServices = async (server: TestApiServer, count: number): Promise<void> => {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const body = serviceBody(next++);
      const answer = await server.request("POST", "/api/v1/namespaces/default/services", { body });
      if (answer.status !== 201) throw new Error(`creating a Service: ${answer.status} ${answer.body}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const report = (program: string, layout: Layout, samples: readonly MemorySample[]): void => {
  const show = (pick: (sample: MemorySample) => number): string => {
    const values = samples.map(pick);
    return `${median(values).toFixed(1)} MB (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
  };
  const rssAnon = show(({ rssAnonMb }) => rssAnonMb);
  const rss = show(({ rssMb }) => rssMb);
  console.log(`${program}, ${layout}: ${samples[0]?.services} Services, RssAnon ${rssAnon}, RSS ${rss}`);
};

const measure = async (folder: string, kubeconfig: string, runs: number): Promise<void> => {
  for (const [program, layout] of MEASURED) {
    const bundled = await bundle(program, folder, layout);
    const samples: MemorySample[] = [];
    for (let i = 0; i < runs; i += 1) samples.push(await measureMemory(bundled, kubeconfig));
    report(program, layout, samples);
  }
};

const printVersions = async (server: TestApiServer): Promise<void> => {
  const manifest = join(import.meta.dirname, "../../node_modules/@kubernetes/client-node/package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8"));
  const { gitVersion } = JSON.parse((await server.request("GET", "/version")).body);
  console.log(`Node ${process.version}, client-node ${version}, kube-apiserver ${gitVersion}`);
};

const main = async (): Promise<void> => {
  const available = kubeApiServerAvailable();
  if (available !== true) throw new Error(available);
  const [services = 5000, runs = 5] = process.argv.slice(2).map(Number);
  const folder = await mkdtemp(join(tmpdir(), "hotroute-bench-informer-"));
  const server = await startKubeApiServer();
  try {
    await printVersions(server);
    for (const { scenario, subject, finding } of await compareBehaviour(server, folder)) {
      console.log(`${scenario}: ${subject}: ${finding}`);
    }
    await createServices(server, services);
    await measure(folder, server.kubeconfigPath, runs);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
};

await main();
