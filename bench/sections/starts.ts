import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../tests/support/ports.ts";
import { type BenchApi, startApi } from "../parts/api.ts";
import { startChild } from "../parts/children.ts";
import { statusOf } from "../parts/first-answer.ts";
import { inFolder } from "../parts/folder.ts";
import { timeCommand } from "../parts/nginx-by-hand.ts";
import { type Row, ratio, row, spread } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { median } from "../statistics.ts";
import { environmentOf, readMetric } from "../subjects/hotroute.ts";

const environment = async (bench: Bench, api: BenchApi, folder: string): Promise<NodeJS.ProcessEnv> => ({
  ...environmentOf({
    folder,
    apiUrl: api.url,
    kubeconfigPath: api.kubeconfigPath,
    nginx: bench.nginx,
    port: 8080,
    workers: bench.workers,
    dist: bench.dist,
    settings: { LOG_LEVEL: "warn" },
  }),
  // As the images have it: compiled before.
  NODE_COMPILE_CACHE: join(folder, "compile-cache"),
  GENERATOR_LISTEN: `127.0.0.1:${await freePort()}`,
});

interface Pair {
  readonly own: number[];
  readonly node: number[];
}

const measureInit = (bench: Bench, api: BenchApi): Promise<Pair> =>
  inFolder(async (folder) => {
    const env = await environment(bench, api, folder);
    const init = [process.execPath, join(bench.dist, "init.cjs")] as const;
    await timeCommand(init, env);
    const times: Pair = { own: [], node: [] };
    for (let round = 0; round < bench.scale.starts.rounds; round += 1) {
      await rm(join(folder, "conf.d"), { recursive: true });
      times.own.push(await timeCommand(init, env));
      times.node.push(await timeCommand([process.execPath, "-e", "0"], env));
    }
    return times;
  });

const portOf = (env: NodeJS.ProcessEnv): number => Number(env.GENERATOR_LISTEN?.split(":").at(-1));
const deadlineMs = 30_000;
// Each look is a request that the generator answers: one every 2 ms took 40 ms of its time.
const pauseMs = 10;

/** Time from the start of a generator until it has found that the file needs no writing. */
const timeDecision = async (bench: Bench, env: NodeJS.ProcessEnv): Promise<number> => {
  const port = portOf(env);
  const fromMs = performance.now();
  const child = await startChild([process.execPath, join(bench.dist, "generator.cjs")], { env });
  try {
    while ((await statusOf(port, "localhost", "/readyz")) !== 200) {
      if (performance.now() - fromMs > deadlineMs) throw new Error(`the generator is not ready: ${child.tail()}`);
      await sleep(pauseMs);
    }
    const tookMs = performance.now() - fromMs;
    const counts = await Promise.all(
      ["unchanged", "written"].map((result) => readMetric(port, `hotroute_renders_total{result="${result}"}`)),
    );
    if (counts[0] !== 1 || counts[1] !== 0) throw new Error(`it wrote the file anew: ${counts.join(", ")}`);
    return tookMs;
  } finally {
    await child.stop();
  }
};

const measureGenerator = (bench: Bench, api: BenchApi): Promise<Pair> =>
  inFolder(async (folder) => {
    const env = await environment(bench, api, folder);
    await mkdir(join(folder, "run"));
    await timeCommand([process.execPath, join(bench.dist, "init.cjs")], env);
    await timeDecision(bench, env);
    const times: Pair = { own: [], node: [] };
    for (let round = 0; round < bench.scale.starts.rounds; round += 1) {
      times.own.push(await timeDecision(bench, env));
      times.node.push(await timeCommand([process.execPath, "-e", "0"], env));
    }
    return times;
  });

const reachMs: Readonly<Record<number, number>> = { 1: 150, 1000: 250, 5000: 700 };
const generatorReachMs = 800;

const line = (what: string, services: number, { own, node }: Pair, reach: number | undefined): Row =>
  row({
    what,
    at: `${services.toLocaleString("en-US")} Services, ${own.length} starts`,
    measured: spread(own, "ms"),
    reference: `\`node -e 0\` ${spread(node, "ms")}`,
    ratio: ratio(median(own), median(node)),
    reach: reach === undefined ? "" : `≤ ${reach} ms`,
    isMet: reach === undefined ? null : median(own) <= reach,
  });

export const starts: Section = {
  name: "starts",
  title: "Starting",
  method: `The bundles with a warm NODE_COMPILE_CACHE, as the images have it, in turn with a Node that does nothing. *init*: from
its start to its exit. *generator*: from its start, beside the file that init wrote, until it is ready, having found that the same
bytes are there; its metrics are asked afterwards whether that is what it did.`,
  run: async (bench) => {
    const api = await startApi(1);
    try {
      const rows: Row[] = [];
      const { init, generator } = bench.scale.starts;
      for (const services of [...new Set([...init, generator])].sort((a, b) => a - b)) {
        await api.grow(services);
        if (init.includes(services)) {
          rows.push(line("init, start to exit", services, await measureInit(bench, api), reachMs[services]));
        }
        if (services === generator) {
          const times = await measureGenerator(bench, api);
          rows.push(line("generator, start to first decision", services, times, generatorReachMs));
        }
        bench.say(`${services} Services`);
      }
      return { rows };
    } finally {
      await api.stop();
    }
  },
};
