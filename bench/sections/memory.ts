import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { get } from "../../tests/support/nginx-server.ts";
import { freePort } from "../../tests/support/ports.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { type BenchApi, startApi } from "../parts/api.ts";
import { startChild } from "../parts/children.ts";
import { statusOf } from "../parts/first-answer.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { serviceName } from "../parts/hosts.ts";
import { memoryOf, toMb } from "../parts/process-figures.ts";
import { number, quantity, type Row, ratio, row } from "../row.ts";
import type { Bench, Curve, Section } from "../section.ts";
import { environmentOf, startHotroute } from "../subjects/hotroute.ts";
import type { Place } from "../subjects/subject.ts";

interface Sample {
  readonly privateMb: number;
  readonly residentMb: number;
}

const sampleOf = (pid: number): Sample => {
  const { privateKib, residentKib } = memoryOf(pid);
  return { privateMb: toMb(privateKib), residentMb: toMb(residentKib) };
};

const highest = (left: Sample, right: Sample): Sample => ({
  privateMb: Math.max(left.privateMb, right.privateMb),
  residentMb: Math.max(left.residentMb, right.residentMb),
});

interface PodMemory {
  readonly services: number;
  readonly generator: Sample;
  readonly generatorInStorm: Sample;
  readonly reloader: Sample;
  readonly reloaderInStorm: Sample;
}

const changesPerSecond = 100;

const placeIn = (bench: Bench, api: BenchApi, folder: string, port: number): Place => ({
  folder,
  apiUrl: api.url,
  kubeconfigPath: api.kubeconfigPath,
  nginx: bench.nginx,
  port,
  workers: bench.workers,
  dist: bench.dist,
  settings: { LOG_LEVEL: "warn" },
});

const measurePod = (bench: Bench, api: BenchApi, services: number): Promise<PodMemory> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      await api.grow(services);
      const port = await freePort();
      const pod = stack.add(await startHotroute(placeIn(bench, api, folder, port)));
      await waitFor("nginx to answer", async () => (await statusOf(port, "nobody.example.com")) !== null, {
        deadlineMs: 60_000,
      });
      await waitFor("it to be settled", () => pod.isSettled(), { deadlineMs: 60_000 });
      await sleep(bench.scale.memory.settleMs);
      const look = () => ({ generator: sampleOf(pod.generatorPid), reloader: sampleOf(pod.reloaderPid) });
      const idle = look();
      let peak = idle;
      const startMs = performance.now();
      for (let index = 0; performance.now() - startMs < bench.scale.memory.stormMs; index += 1) {
        await api.changeHost(serviceName(index % services), `memory-${services}-${index}.example.com`);
        const now = look();
        peak = {
          generator: highest(peak.generator, now.generator),
          reloader: highest(peak.reloader, now.reloader),
        };
        await sleep(Math.max(0, startMs + (index * 1000) / changesPerSecond - performance.now()));
      }
      return {
        services,
        generator: idle.generator,
        reloader: idle.reloader,
        generatorInStorm: peak.generator,
        reloaderInStorm: peak.reloader,
      };
    }),
  );

/** A generator alone, idle. */
const measureGenerator = (bench: Bench, api: BenchApi, services: number): Promise<Sample> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      await api.grow(services);
      const port = await freePort();
      await mkdir(join(folder, "run"));
      const env = {
        ...environmentOf(placeIn(bench, api, folder, await freePort())),
        GENERATOR_LISTEN: `127.0.0.1:${port}`,
      };
      const child = stack.add(await startChild([process.execPath, join(bench.dist, "generator.cjs")], { env }));
      const isReady = async (): Promise<boolean> =>
        (await get({ port, host: "localhost", path: "/readyz" })).status === 200;
      await waitFor("the generator to be ready", isReady, { deadlineMs: 60_000 });
      await sleep(bench.scale.memory.settleMs);
      return sampleOf(child.pid);
    }),
  );

/** Node with nothing to do. */
const measureNode = (): Promise<Sample> =>
  withStack(async (stack) => {
    const child = stack.add(await startChild([process.execPath, "-e", "setInterval(() => {}, 1e6)"]));
    await sleep(1_000);
    return sampleOf(child.pid);
  });

/** The generator's private memory that is to be held, in MB. */
const idleReach: Readonly<Record<number, number>> = { 1000: 45, 5000: 60 };
const reloaderReachMb = 40;

const show = ({ privateMb, residentMb }: Sample): string =>
  `${quantity(privateMb, "MB")} (resident ${number(residentMb)})`;

const rowsOf = (pods: readonly PodMemory[], node: Sample): readonly Row[] =>
  pods.flatMap((pod): readonly Row[] => {
    const at = `${pod.services.toLocaleString("en-US")} Services`;
    const line = (what: string, sample: Sample, reachMb: number | undefined): Row =>
      row({
        what,
        at,
        measured: show(sample),
        reference: `Node alone ${show(node)}`,
        ratio: ratio(sample.privateMb, node.privateMb),
        reach: reachMb === undefined ? "" : `≤ ${reachMb} MB`,
        isMet: reachMb === undefined ? null : sample.privateMb <= reachMb,
      });
    return [
      line("generator's private memory, idle", pod.generator, idleReach[pod.services]),
      line("generator's private memory, the most in a storm", pod.generatorInStorm, undefined),
      line("reloader's private memory, idle", pod.reloader, reloaderReachMb),
      line("reloader's private memory, the most in a storm", pod.reloaderInStorm, reloaderReachMb),
    ];
  });

export const memory: Section = {
  name: "memory",
  isTimeless: true,
  title: "Memory of the programs",
  method: `RssAnon and VmRSS of the bundled programs from /proc: some seconds after the start, then the most that was seen in a
storm of 100 changes a second. *Node alone*: the same Node with nothing to do. nginx's memory is a section of its own.`,
  run: async (bench) => {
    const node = await measureNode();
    const api = await startApi(1);
    try {
      const pods: PodMemory[] = [];
      const points: { services: number; value: number }[] = [];
      const { pods: podSizes, generators } = bench.scale.memory;
      for (const services of [...new Set([...podSizes, ...generators])].sort((a, b) => a - b)) {
        if (podSizes.includes(services)) pods.push(await measurePod(bench, api, services));
        if (generators.includes(services)) {
          points.push({ services, value: (await measureGenerator(bench, api, services)).privateMb });
        }
        bench.say(`${services} Services`);
      }
      const curve: Curve = { title: "generator, private memory, idle", unit: "MB", points };
      return { rows: rowsOf(pods, node), curves: [curve] };
    } finally {
      await api.stop();
    }
  },
};
