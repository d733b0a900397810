import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../tests/support/ports.ts";
import {
  backendAddress,
  handWrittenConf,
  hotrouteConf,
  return200Conf,
  type SiteOptions,
} from "../parts/configurations.ts";
import { timeToFirstAnswer } from "../parts/first-answer.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { firstHost } from "../parts/hosts.ts";
import { startNginxByHand } from "../parts/nginx-by-hand.ts";
import { type Core, twoCores } from "../parts/pinning.ts";
import { childrenProcessorMs } from "../parts/process-figures.ts";
import { startReloader } from "../parts/reloader.ts";
import { missingWrk, runWrk } from "../parts/wrk.ts";
import { number, type Row, row, spread } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { median } from "../statistics.ts";

/**
 * What takes the load: hotroute's configuration; an nginx tuned by hand for one host, with the four usual headers or with
 * those that hotroute sends; a server block for each host; nginx that answers by itself.
 */
type TargetKind = "hotroute" | "tuned" | "tuned, the same headers" | "blocks" | "return 200";

/** An nginx that takes the load. */
interface Target {
  readonly kind: TargetKind;
  /** Null where there is no upstream. */
  readonly routes: number | null;
  readonly port: number;
  readonly host: string;
  readonly masterPid: number;
  readonly rates: number[];
  readonly p99s: number[];
  /** nginx's processor time for a request, in microseconds. */
  readonly costs: number[];
}

// One worker each: the load and the backend have to run beside it.
const workers = 1;

const measure = (bench: Bench): Promise<readonly Target[]> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      const { nginx, dist, scale } = bench;
      const cores = twoCores();
      const backendPort = await freePort();
      const start = async (name: string, defaultConf: string, core: Core): Promise<number> => {
        const own = join(folder, name);
        await mkdir(own);
        return stack.add(await startNginxByHand(nginx, own, { workers, defaultConf, core })).masterPid;
      };
      const asked = new Set([1, ...scale.dataPlane.routes].map((routes) => backendAddress(routes - 1)));
      const backend = [...asked].map((address) => return200Conf(`${address}:${backendPort}`)).join("");
      await start("backend", `keepalive_requests 1000000;\n${backend}`, cores.load);
      const targets: Target[] = [];
      const add = async (kind: TargetKind, routes: number | null): Promise<void> => {
        const port = await freePort();
        const host = firstHost((routes ?? 1) - 1);
        const listen = `127.0.0.1:${port}`;
        const site: SiteOptions = { count: routes ?? 1, listen, backendPort, nginx };
        const own = `${targets.length}`;
        let findMaster: () => Promise<number>;
        if (kind === "hotroute") {
          const options = { nginxPath: nginx.path, workers, defaultConf: hotrouteConf(site), core: cores.measured };
          findMaster = stack.add(await startReloader(join(folder, own), dist, options)).masterPid;
        } else {
          const headers = kind === "tuned, the same headers" ? "same" : "usual";
          const text = kind === "return 200" ? return200Conf(listen) : handWrittenConf(site, headers);
          const pid = await start(own, text, cores.measured);
          findMaster = async () => pid;
        }
        await timeToFirstAnswer(port, host, performance.now());
        const masterPid = await findMaster();
        targets.push({ kind, routes, port, host, masterPid, rates: [], p99s: [], costs: [] });
      };
      await add("return 200", null);
      await add("tuned", 1);
      await add("tuned, the same headers", 1);
      for (const routes of scale.dataPlane.routes) {
        await add("hotroute", routes);
        if (routes > 1) await add("blocks", routes);
      }
      for (const target of targets) await runWrk(target.port, target.host, 1, cores.load);
      for (let round = 0; round < scale.dataPlane.rounds; round += 1) {
        // The other way round each time: what comes first has no advantage.
        for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
          const beforeMs = childrenProcessorMs(target.masterPid);
          const run = await runWrk(target.port, target.host, scale.dataPlane.seconds, cores.load);
          target.costs.push((1000 * (childrenProcessorMs(target.masterPid) - beforeMs)) / run.requests);
          target.rates.push(run.requestsPerSecond);
          target.p99s.push(run.p99Ms);
        }
        bench.say(`round ${round + 1} of ${scale.dataPlane.rounds}`);
      }
      return targets;
    }),
  );

/** The median of what each round had of its own. */
const ratios = (over: readonly number[], under: readonly number[]): readonly number[] =>
  over.map((value, index) => value / (under[index] ?? Number.NaN));

/** What is measured of each target, by the reference's in the same round. */
const comparisons = (target: Target, reference: Target, at: string, name: string, reach: boolean): readonly Row[] => {
  const byReference = median(ratios(target.rates, reference.rates));
  return [
    row({
      what: `requests a second, beside ${name}`,
      at,
      measured: spread(target.rates, "/s"),
      reference: spread(reference.rates, "/s"),
      ratio: byReference.toFixed(2),
      ...(reach ? { reach: "≥ 0.98", isMet: byReference >= 0.98 } : {}),
    }),
    row({
      what: "the same, p99",
      at,
      measured: spread(target.p99s, "ms"),
      reference: spread(reference.p99s, "ms"),
      ratio: median(ratios(target.p99s, reference.p99s)).toFixed(2),
    }),
    row({
      what: "the same, processor time of nginx for a request",
      at,
      measured: spread(target.costs, "µs"),
      reference: spread(reference.costs, "µs"),
      ratio: median(ratios(target.costs, reference.costs)).toFixed(2),
    }),
  ];
};

const rowsOf = (targets: readonly Target[]): readonly Row[] => {
  const find = (kind: TargetKind, routes: number | null = 1): Target | undefined =>
    targets.find((target) => target.kind === kind && target.routes === routes);
  const own = targets.filter(({ kind }) => kind === "hotroute");
  const [one, most] = [own[0], own.at(-1)];
  const [tuned, same, none] = [find("tuned"), find("tuned, the same headers"), find("return 200", null)];
  if (one === undefined || most === undefined || tuned === undefined || same === undefined || none === undefined) {
    throw new Error("nothing was measured");
  }
  const rounds = `${one.rates.length} rounds`;
  const rows = own.flatMap((target): readonly Row[] => {
    const at = `${number(target.routes ?? 0)} routes, the last host, ${rounds}`;
    const blocks = find("blocks", target.routes);
    return [
      ...comparisons(target, same, at, "one host tuned by hand with the same headers", true),
      ...comparisons(target, tuned, at, "one host tuned by hand with the four usual headers", true),
      ...(blocks === undefined ? [] : comparisons(target, blocks, at, "a server block for each host", false)),
    ];
  });
  const growth = median(ratios(most.rates, one.rates));
  return [
    ...rows,
    row({
      what: `requests a second with ${number(most.routes ?? 0)} routes beside 1`,
      at: rounds,
      measured: spread(most.rates, "/s"),
      reference: `1 route ${spread(one.rates, "/s")}`,
      ratio: growth.toFixed(2),
      reach: "≥ 0.98",
      isMet: growth >= 0.98,
    }),
    row({
      what: "requests a second, 1 route beside `return 200`",
      at: rounds,
      measured: spread(one.rates, "/s"),
      reference: spread(none.rates, "/s"),
      ratio: median(ratios(one.rates, none.rates)).toFixed(2),
    }),
  ];
};

export const dataPlane: Section = {
  name: "data-plane",
  title: "Requests through nginx",
  method: `wrk with one thread and 16 kept-alive connections asks the last host of the file; one worker for each nginx, no access
log, upstreams kept open on both sides, the backend an nginx that answers \`return 200\`. What is measured has a core to itself, the
load and the backend share another (taskset). All run at the same time, and take turns;
ratios are medians of the rounds' own ratios. *Tuned by hand*: one server block with an upstream that is kept open. hotroute tells
backends more than the four usual headers say (WebSocket upgrades, the host and port that were asked for, a request's random
number), and each costs; *the same headers*: what hotroute sends, written by hand for one host and port 80.`,
  run: async (bench) => {
    const missing = missingWrk();
    if (missing !== null) return { rows: [row({ what: "requests a second", at: "", measured: missing })] };
    return { rows: rowsOf(await measure(bench)) };
  },
};
