import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../tests/support/ports.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { startApi } from "../parts/api.ts";
import { timeToFirstAnswer } from "../parts/first-answer.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { number, quantity, type Row, ratio, row } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { others } from "../subjects/all.ts";
import { hotroute } from "../subjects/hotroute.ts";
import type { Subject } from "../subjects/subject.ts";

interface Storm {
  readonly reloads: number | null;
  /** From the last change to the first answer by it, and until settled where the subject says so. */
  readonly firstMs: number;
  readonly settledMs: number | null;
  /** Of the program that makes the file, in percent of a core. */
  readonly processorPercent: number | null;
  readonly tookMs: number;
}

const measure = (bench: Bench, subject: Subject): Promise<Storm> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      const { services, changes, seconds } = bench.scale.storm;
      const [backendPort, port] = [await freePort(), await freePort()];
      const api = stack.add(await startApi(services, backendPort));
      const last = api.services[(changes - 1) % services];
      const backend = createServer((_request, response) => response.end("answered\n"));
      await new Promise<void>((resolve) => backend.listen(backendPort, last?.clusterIP, resolve));
      stack.add({
        stop: async () => {
          backend.close();
          backend.closeAllConnections();
        },
      });
      const own = join(folder, "subject");
      await mkdir(own);
      const { nginx, dist, workers } = bench;
      const at = { folder: own, apiUrl: api.url, kubeconfigPath: api.kubeconfigPath, nginx, port, workers, dist };
      const running = stack.add(await subject.start({ ...at, settings: { LOG_LEVEL: "warn" } }));
      await api.changeHost(last?.name ?? "", "before.example.com");
      await timeToFirstAnswer(port, "before.example.com", performance.now());
      // The burst of reloads that were saved up is whole again.
      await sleep(4_000);
      const before = { reloads: await running.reloads(), processorMs: running.processorMs() };
      const startMs = performance.now();
      for (let index = 0; index < changes; index += 1) {
        await api.changeHost(api.services[index % services]?.name ?? "", `storm-${index}.example.com`);
        await sleep(Math.max(0, startMs + ((index + 1) * seconds * 1000) / changes - performance.now()));
      }
      const lastMs = performance.now();
      const processorMs = running.processorMs();
      const firstMs = await timeToFirstAnswer(port, `storm-${changes - 1}.example.com`, lastMs, {
        deadlineMs: 120_000,
      });
      let settledMs: number | null = null;
      await waitFor("the end to be settled", async () => {
        const isSettled = await running.isSettled();
        if (isSettled === true) settledMs = performance.now() - lastMs;
        return isSettled !== false;
      });
      const reloads = await running.reloads();
      const tookMs = lastMs - startMs;
      const used = processorMs === null || before.processorMs === null ? null : processorMs - before.processorMs;
      return {
        reloads: reloads === null || before.reloads === null ? null : reloads - before.reloads,
        firstMs,
        settledMs,
        processorPercent: used === null ? null : (100 * used) / tookMs,
        tookMs,
      };
    }),
  );

const orDash = (value: number | null): string => (value === null ? "–" : number(value));

const rowsOf = (bench: Bench, own: Storm, beside: Storm | null, name: string): readonly Row[] => {
  const { services, changes, seconds } = bench.scale.storm;
  const at = `${changes.toLocaleString("en-US")} changes in ${number(own.tookMs / 1000)} s, ${services.toLocaleString("en-US")} Services`;
  const maxReloads = 4 + seconds;
  const [reloads, processor] = [own.reloads ?? Number.NaN, own.processorPercent ?? Number.NaN];
  const settledMs = own.settledMs ?? Number.NaN;
  const by = (text: string): string => (beside === null ? name : `${name} ${text}`);
  return [
    row({
      what: "storm: reloads",
      at,
      measured: number(reloads),
      reference: by(orDash(beside?.reloads ?? null)),
      ratio: ratio(reloads, beside?.reloads ?? 0),
      reach: `≤ ${maxReloads}`,
      isMet: reloads <= maxReloads,
    }),
    row({
      what: "storm: last change → settled",
      at,
      measured: `${quantity(settledMs, "ms")} (first answer ${quantity(own.firstMs, "ms")})`,
      reference: by(`first answer ${quantity(beside?.firstMs ?? Number.NaN, "ms")}`),
      ratio: ratio(own.firstMs, beside?.firstMs ?? 0),
      reach: "≤ 1,500 ms",
      isMet: settledMs <= 1500,
    }),
    row({
      what: "storm: processor time of the generator",
      at,
      measured: `${quantity(processor, "%")} of a core`,
      reference: by(`${orDash(beside?.processorPercent ?? null)} %`),
      ratio: ratio(processor, beside?.processorPercent ?? 0),
      reach: "< 25 % of a core",
      isMet: processor < 25,
    }),
  ];
};

export const storm: Section = {
  name: "storm",
  title: "A storm of changes",
  method: `Every Service gets another host, evenly spread over the time, with default settings. The processor time is that of the
program that makes the file (of the recipe: its loop with curl and jq), from /proc, while the changes come.`,
  run: async (bench) => {
    const own = await measure(bench, hotroute);
    const [other] = others;
    const missing = other?.missing() ?? null;
    const beside = other === undefined || missing !== null ? null : await measure(bench, other);
    return { rows: rowsOf(bench, own, beside, missing ?? other?.name ?? "") };
  },
};
