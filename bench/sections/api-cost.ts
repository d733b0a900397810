import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiTraffic, type CountingProxy, startCountingProxy } from "../../tests/support/counting-proxy.ts";
import { freePort } from "../../tests/support/ports.ts";
import { kubeconfigFor } from "../../tests/support/test-apiserver.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { startApi } from "../parts/api.ts";
import { statusOf } from "../parts/first-answer.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { serviceName } from "../parts/hosts.ts";
import { number, quantity, type Row, ratio, row } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { startHotroute } from "../subjects/hotroute.ts";

interface Counted {
  readonly start: ApiTraffic;
  readonly idle: ApiTraffic;
  readonly idleMs: number;
  readonly changes: ApiTraffic;
  /** Watch events, as the generator counts them. */
  readonly events: number;
  /** What one poll of all Services, as a renderer without a watch makes it, takes. */
  readonly pollBytes: number;
}

/** Waits until nothing has gone through for a while. */
const quiet = async (proxy: CountingProxy, forMs: number): Promise<void> => {
  let last = proxy.peek();
  let sinceMs = performance.now();
  await waitFor(
    "the API to be left alone",
    () => {
      const now = proxy.peek();
      if (now.receivedBytes !== last.receivedBytes || now.sentBytes !== last.sentBytes) sinceMs = performance.now();
      last = now;
      return performance.now() - sinceMs >= forMs;
    },
    { everyMs: 50 },
  );
};

const measure = (bench: Bench): Promise<Counted> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      const { services, idleMs, changes } = bench.scale.apiCost;
      const api = stack.add(await startApi(services));
      const proxy = stack.add(await startCountingProxy(api.url));
      const kubeconfigPath = join(folder, "kubeconfig");
      await writeFile(kubeconfigPath, kubeconfigFor({ url: proxy.url, token: null, caPem: null }));
      const port = await freePort();
      const pod = stack.add(
        await startHotroute({
          folder,
          apiUrl: proxy.url,
          kubeconfigPath,
          nginx: bench.nginx,
          port,
          workers: bench.workers,
          dist: bench.dist,
          settings: { LOG_LEVEL: "warn" },
        }),
      );
      await waitFor("nginx to answer", async () => (await statusOf(port, "nobody.example.com")) !== null);
      await waitFor("it to be settled", () => pod.isSettled());
      await quiet(proxy, 1000);
      const start = proxy.take();
      await sleep(idleMs);
      const idle = proxy.take();
      const modified = 'hotroute_events_total{type="MODIFIED"}';
      const countEvents = async (): Promise<number> => (await pod.metric("generator", modified)) || 0;
      const before = await countEvents();
      for (let index = 0; index < changes; index += 1) {
        await api.changeHost(serviceName(index % services), `cost-${index}.example.com`);
        await waitFor("the event", async () => (await countEvents()) === before + index + 1);
      }
      await waitFor("the last change to be settled", () => pod.isSettled());
      await quiet(proxy, 1500);
      const counted = { start, idle, idleMs, changes: proxy.take(), events: (await countEvents()) - before };
      const selector = "labelSelector=hotroute.io%2Fexpose%3Dtrue";
      await (await fetch(`${proxy.url}/api/v1/services?${selector}`)).text();
      return { ...counted, pollBytes: proxy.take().receivedBytes };
    }),
  );

const kb = (bytes: number): string => quantity(bytes / 1000, "KB");

const rowsOf = (bench: Bench, counted: Counted): readonly Row[] => {
  const { services, changes } = bench.scale.apiCost;
  const { start, idle, idleMs } = counted;
  const size = `${services.toLocaleString("en-US")} Services`;
  const perHour = 3_600_000 / idleMs;
  const idleBytes = (idle.sentBytes + idle.receivedBytes) * perHour;
  // A watch lives 5 to 10 minutes, so one may begin anew in the meantime.
  const isOnlyWatch = idle.requests.every((request) => request === "GET /api/v1/services") && idle.requests.length <= 1;
  const posts = counted.changes.requests.filter((request) => request.startsWith("POST"));
  const others = counted.changes.requests.length - posts.length;
  return [
    row({
      what: "API: a start of init and generator",
      at: size,
      measured: `${start.requests.length} requests, ${kb(start.sentBytes + start.receivedBytes)}`,
      reference: `one poll of all Services ${kb(counted.pollBytes)}`,
      ratio: ratio(start.sentBytes + start.receivedBytes, counted.pollBytes),
    }),
    row({
      what: "API: idle, an hour",
      at: `${size}, from ${number(idleMs / 1000)} s`,
      measured: `${number(idle.requests.length * perHour)} requests, ${kb(idleBytes)}`,
      reference: `a poll every second: 3,600 requests, ${kb(counted.pollBytes * 3600)}`,
      ratio: (idleBytes / (counted.pollBytes * 3600)).toExponential(1),
      reach: "one watch, bookmarks only",
      isMet: isOnlyWatch,
    }),
    row({
      what: "API: one change",
      at: `${size}, ${changes} changes`,
      measured:
        `${number(counted.events / changes)} watch events, ${number(posts.length / changes)} Events written, ` +
        `${number(others)} other requests, ${kb((counted.changes.sentBytes + counted.changes.receivedBytes) / changes)}`,
      reach: "one watch event, no list",
      isMet: counted.events === changes && others === 0,
    }),
  ];
};

export const apiCost: Section = {
  name: "api-cost",
  isTimeless: true,
  title: "What the API server is asked for",
  method: `A TCP proxy in front of the API server counts requests and bytes of both directions. A change's Event is that on its
Service (\`Routed\`), which EVENTS=false leaves out; at most five a second are written.`,
  run: async (bench) => ({ rows: rowsOf(bench, await measure(bench)) }),
};
