// Measures hotroute beside what else does its work, and writes bench/RESULTS.md. bench/README.md says how.
//
//   make bench          all of it, below 15 minutes on two cores; writes RESULTS.md and results-growth.svg
//   make bench-quick    a small part of each, below 2 minutes; prints the tables
//   node bench/run.ts [--quick] [--only=NAME[,NAME]] [--output=FILE]
import { cp, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nginxBinaries } from "../tests/support/nginx-binaries.ts";
import { describeRun } from "./facts.ts";
import { plotGrowth } from "./growth-plot.ts";
import { inFolder } from "./parts/folder.ts";
import { formatReport, type Outcome } from "./report.ts";
import { fullScale, quickScale } from "./scale.ts";
import type { Bench, Section, SectionResult } from "./section.ts";
import { sections } from "./sections/all.ts";
import { excessRow } from "./sections/growth.ts";

const sectionLimitMs = 900_000;

const usage = (): never => {
  console.error(`bench/run.ts [--quick] [--only=NAME[,NAME]] [--output=FILE], NAME one of:`);
  for (const { name, title } of sections) console.error(`  ${name.padEnd(16)} ${title}`);
  process.exit(2);
};

const readOptions = () => {
  try {
    return parseArgs({
      options: { quick: { type: "boolean" }, only: { type: "string" }, output: { type: "string" } },
    }).values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return usage();
  }
};

/** What still runs would disturb whatever is measured next: the run ends with it, and its children with the run. */
class LimitError extends Error {}

/** A section has its time; what hangs is a failure. */
const withinLimit = async (work: Promise<SectionResult>): Promise<SectionResult> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LimitError(`it took more than ${sectionLimitMs / 1000} s`)), sectionLimitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
};

const runSection = async (section: Section, bench: Omit<Bench, "say">): Promise<Outcome> => {
  const startMs = performance.now();
  const say = (text: string): void => console.error(`${section.name}: ${text}`);
  say("…");
  const tookMs = (): number => performance.now() - startMs;
  try {
    const result = await withinLimit(section.run({ ...bench, say }));
    return { section, result, failure: null, tookMs: tookMs() };
  } catch (error) {
    if (error instanceof LimitError) isOverLimit = true;
    const failure = error instanceof Error ? error.message : String(error);
    say(`failed: ${error instanceof Error ? error.stack : failure}`);
    return { section, result: null, failure, tookMs: tookMs() };
  }
};

const notRun = (section: Section): Outcome => ({
  section,
  result: null,
  failure: "not run: one before did not end",
  tookMs: 0,
});

let isOverLimit = false;
const { quick = false, only, output } = readOptions();
const names = only?.split(",") ?? sections.map(({ name }) => name);
const wanted = sections.filter(({ name }) => names.includes(name));
if (names.some((name) => !sections.some((section) => section.name === name))) usage();
const [nginx] = nginxBinaries;
if (nginx === undefined) throw new Error("there is no nginx: install it, or set NGINX_BIN");
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const facts = describeRun(nginx);
const scale = quick ? quickScale : fullScale;
const workers = Math.min(availableParallelism(), 4);
const startMs = performance.now();
const outcomes = await inFolder(async (folder) => {
  const dist = join(folder, "dist");
  await cp(join(import.meta.dirname, "../dist"), dist, { recursive: true });
  const done = new Map<Section, Outcome>();
  for (const section of wanted) {
    if (done.has(section)) continue;
    const group = section.isTimeless === true ? wanted.filter(({ isTimeless }) => isTimeless) : [section];
    const run = (member: Section): Promise<Outcome> | Outcome =>
      isOverLimit ? notRun(member) : runSection(member, { scale, nginx, dist, workers });
    for (const outcome of await Promise.all(group.map(run))) done.set(outcome.section, outcome);
  }
  return wanted.map((section) => done.get(section) ?? notRun(section));
});
const curves = outcomes.flatMap(({ result }) => result?.curves ?? []);
// The generator's memory is measured in another section than the rest of the growth; its curve is judged with the others.
const grown = curves.map((curve) => excessRow(curve, scale.growth.base));
const lastWithCurves = outcomes.findLastIndex(({ result }) => result?.curves !== undefined);
const shown = outcomes.map((outcome, index) =>
  index === lastWithCurves && outcome.result !== null
    ? { ...outcome, result: { ...outcome.result, rows: [...outcome.result.rows, ...grown] } }
    : outcome,
);
const isWhole = !quick && only === undefined;
const command = isWhole ? "make bench" : `node bench/run.ts ${process.argv.slice(2).join(" ")}`;
const plot = isWhole ? "results-growth.svg" : null;
const report = formatReport({ facts, outcomes: shown, curves, plot, tookMs: performance.now() - startMs, command });
const target = output ?? (isWhole ? join(import.meta.dirname, "RESULTS.md") : null);
if (plot !== null) await writeFile(join(import.meta.dirname, plot), plotGrowth(curves, scale.growth.base));
if (target !== null) await writeFile(target, report);
console.log(report);
const hasFailed = outcomes.some(({ failure }) => failure !== null);
process.exit(hasFailed ? 1 : 0);
