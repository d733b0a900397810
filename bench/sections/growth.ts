import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { freePort } from "../../tests/support/ports.ts";
import { excessOverLinear } from "../linear.ts";
import { hotrouteConf } from "../parts/configurations.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { startNginxByHand } from "../parts/nginx-by-hand.ts";
import { number, quantity, type Row, ratio, row, spread } from "../row.ts";
import type { Bench, Curve, Section } from "../section.ts";
import { median } from "../statistics.ts";

/** Processor times of passes, in milliseconds. */
interface Passes {
  readonly services: number;
  readonly fromNothing: readonly number[];
  readonly afterOneChange: readonly number[];
}

const run = promisify(execFile);
const reachExcess = 1.3;
const passReachMs = 60;
const passServices = 5000;

/** Bundles the measuring program as scripts/build.ts bundles the others. */
const bundle = async (folder: string): Promise<string> => {
  const outfile = join(folder, "core-passes.cjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../parts/core-passes.ts")],
    outfile,
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "warning",
  });
  return outfile;
};

const measurePasses = (bench: Bench): Promise<readonly Passes[]> =>
  inFolder(async (folder) => {
    const program = await bundle(folder);
    const { services: sizes, rounds } = bench.scale.growth;
    const measured = new Map<number, Omit<Passes, "services">>();
    // There and back: the machine is not always as fast.
    for (const services of [...sizes, ...sizes.toReversed()]) {
      const args = ["--semi-space-growth-factor=1", program, String(services), String(rounds)];
      const { stdout } = await run(process.execPath, args, { timeout: 120_000 });
      const { fromNothing, afterOneChange } = JSON.parse(stdout) as Omit<Passes, "services">;
      const before = measured.get(services);
      measured.set(services, {
        fromNothing: [...(before?.fromNothing ?? []), ...fromNothing],
        afterOneChange: [...(before?.afterOneChange ?? []), ...afterOneChange],
      });
      bench.say(`passes over ${services} Services`);
    }
    return [...measured].map(([services, passes]) => ({ services, ...passes }));
  });

const measureNginxTest = (bench: Bench): Promise<Curve["points"]> =>
  inFolder(async (folder) => {
    const points: { services: number; value: number }[] = [];
    for (const count of bench.scale.growth.nginxTest) {
      const own = join(folder, String(count));
      await mkdir(own);
      const value = await withStack(async (stack) => {
        const listen = `127.0.0.1:${await freePort()}`;
        const defaultConf = hotrouteConf({ count, listen, backendPort: 80, nginx: bench.nginx });
        const server = stack.add(await startNginxByHand(bench.nginx, own, { workers: 1, defaultConf }));
        const times: number[] = [];
        for (let round = 0; round < bench.scale.growth.rounds; round += 1) times.push(await server.test());
        return median(times);
      });
      points.push({ services: count, value });
    }
    bench.say("nginx -t");
    return points;
  });

const curveOf = (title: string, passes: readonly Passes[], pick: (of: Passes) => readonly number[]): Curve => ({
  title,
  unit: "ms",
  points: passes.map((of) => ({ services: of.services, value: median(pick(of)) })),
});

/** How a curve's slope at its end compares with its slope at the base. */
export const excessRow = ({ title, unit, points }: Curve, base: number): Row => {
  const last = points.at(-1);
  const excess = excessOverLinear(points, base);
  const at = (point: (typeof points)[number] | undefined): string =>
    point === undefined ? "–" : `${number(point.value)} ${unit}`;
  return row({
    what: `growth: ${title}`,
    at: `1 → ${number(last?.services ?? 0)} Services`,
    measured: at(last),
    reference: `at ${number(base)}: ${at(points.find(({ services }) => services === base))}, at 1: ${at(points[0])}`,
    ratio: `${excess.toFixed(2)} of linear`,
    reach: `≤ ${reachExcess} of linear`,
    // With no point behind the base there is nothing to judge.
    isMet: (last?.services ?? 0) > base ? excess <= reachExcess : null,
  });
};

const passRows = (passes: readonly Passes[]): readonly Row[] => {
  const at5000 = passes.find(({ services }) => services === passServices);
  if (at5000 === undefined) return [];
  const { fromNothing, afterOneChange } = at5000;
  const at = `${number(passServices)} Services, ${afterOneChange.length} passes`;
  return [
    row({
      what: "processor time of a pass after one change",
      at,
      measured: spread(afterOneChange, "ms"),
      reference: `from nothing ${spread(fromNothing, "ms")}`,
      ratio: ratio(median(afterOneChange), median(fromNothing)),
      reach: `≤ ${quantity(passReachMs, "ms")}`,
      isMet: median(afterOneChange) <= passReachMs,
    }),
  ];
};

export const growth: Section = {
  name: "growth",
  title: "Growth with the number of Services",
  method: `Processor time of passes of the core (parse, resolve, render, hash: the file is in memory then, in pieces of UTF-8),
bundled and warm, in a process of its own; \`nginx -t\` of hotroute's file. *Of linear*: what one more Service costs at the end
of the curve, by what it costs up to the base size, both beyond what one Service alone takes.`,
  run: async (bench) => {
    const passes = await measurePasses(bench);
    const curves = [
      curveOf("a pass from nothing", passes, ({ fromNothing }) => fromNothing),
      curveOf("a pass after one change", passes, ({ afterOneChange }) => afterOneChange),
      { title: "`nginx -t`", unit: "ms", points: await measureNginxTest(bench) },
    ];
    return { rows: passRows(passes), curves };
  },
};
