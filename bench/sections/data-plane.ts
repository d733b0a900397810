import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../tests/support/ports.ts";
import { handWrittenConf, hotrouteConf, return200Conf, type SiteOptions } from "../parts/configurations.ts";
import { timeToFirstAnswer } from "../parts/first-answer.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { firstHost } from "../parts/hosts.ts";
import { startNginxByHand } from "../parts/nginx-by-hand.ts";
import { type Core, twoCores } from "../parts/pinning.ts";
import { childrenProcessorMs } from "../parts/process-figures.ts";
import { startReloader } from "../parts/reloader.ts";
import { missingWrk, runWrk } from "../parts/wrk.ts";
import { number, type Row, ratio, row, spread } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { median } from "../statistics.ts";

/** An nginx that takes the load. */
interface Target {
  readonly name: string;
  /** Null where there is no upstream. */
  readonly routes: number | null;
  readonly isHotroute: boolean;
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
      const backend = `keepalive_requests 1000000;\n${return200Conf(`127.0.0.1:${backendPort}`)}`;
      await start("backend", backend, cores.load);
      const targets: Target[] = [];
      const add = async (name: string, routes: number | null, isHotroute: boolean): Promise<void> => {
        const port = await freePort();
        const host = firstHost((routes ?? 1) - 1);
        const listen = `127.0.0.1:${port}`;
        const site: SiteOptions = { count: routes ?? 1, listen, backendAddress: "127.0.0.1", backendPort };
        const own = `${targets.length}`;
        let findMaster: () => Promise<number>;
        if (isHotroute) {
          const options = { nginxPath: nginx.path, workers, defaultConf: hotrouteConf(site), core: cores.measured };
          findMaster = stack.add(await startReloader(join(folder, own), dist, options)).masterPid;
        } else {
          const text = routes === null ? return200Conf(listen) : handWrittenConf(site);
          const pid = await start(own, text, cores.measured);
          findMaster = async () => pid;
        }
        await timeToFirstAnswer(port, host, performance.now());
        const masterPid = await findMaster();
        targets.push({ name, routes, isHotroute, port, host, masterPid, rates: [], p99s: [], costs: [] });
      };
      await add("return 200", null, false);
      for (const routes of scale.dataPlane.routes) {
        await add("hotroute", routes, true);
        await add(routes === 1 ? "tuned by hand" : "a server block for each host", routes, false);
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

const rowsOf = (targets: readonly Target[]): readonly Row[] => {
  const own = targets.filter(({ isHotroute }) => isHotroute);
  const tuned = targets.find(({ isHotroute, routes }) => !isHotroute && routes === 1);
  const [one] = own;
  if (tuned === undefined || one === undefined) throw new Error("nothing was measured");
  const most = own.at(-1) ?? one;
  const rounds = `${one.rates.length} rounds`;
  const rows = own.flatMap((target): readonly Row[] => {
    const at = `${number(target.routes ?? 0)} routes, the last host, ${rounds}`;
    const blocks = targets.find(({ isHotroute, routes }) => !isHotroute && routes === target.routes && routes !== 1);
    const byTuned = median(ratios(target.rates, tuned.rates));
    const byBlocks = blocks === undefined ? null : median(ratios(target.rates, blocks.rates));
    return [
      row({
        what: "requests a second through hotroute's configuration",
        at,
        measured: spread(target.rates, "/s"),
        reference: `one host tuned by hand ${spread(tuned.rates, "/s")}`,
        ratio: byTuned.toFixed(2),
        reach: "≥ 0.98",
        isMet: byTuned >= 0.98,
      }),
      row({
        what: "the same, p99",
        at,
        measured: spread(target.p99s, "ms"),
        reference: `one host tuned by hand ${spread(tuned.p99s, "ms")}`,
        ratio: ratio(median(target.p99s), median(tuned.p99s)),
      }),
      row({
        what: "the same, processor time of nginx for a request",
        at,
        measured: spread(target.costs, "µs"),
        reference: `one host tuned by hand ${spread(tuned.costs, "µs")}`,
        ratio: median(ratios(target.costs, tuned.costs)).toFixed(2),
      }),
      ...(blocks === undefined || byBlocks === null
        ? []
        : [
            row({
              what: "the same, beside a server block for each host",
              at,
              measured: spread(target.rates, "/s"),
              reference: spread(blocks.rates, "/s"),
              ratio: byBlocks.toFixed(2),
            }),
          ]),
    ];
  });
  const growth = median(ratios(most.rates, one.rates));
  const none = targets.find(({ routes }) => routes === null);
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
      reference: spread(none?.rates ?? [], "/s"),
      ratio: median(ratios(one.rates, none?.rates ?? [])).toFixed(2),
    }),
  ];
};

export const dataPlane: Section = {
  name: "data-plane",
  title: "Requests through nginx",
  method: `wrk with one thread and 16 kept-alive connections asks the last host of the file; one worker for each nginx, no access
log, upstreams kept open on both sides, the backend an nginx that answers \`return 200\`. What is measured has a core to itself, the
load and the backend share another (taskset). All run at the same time, and take turns;
ratios are medians of the rounds' own ratios. *Tuned by hand*: one server block with an upstream that is kept open and the four
usual headers. hotroute sends more headers upstream, since it overwrites each by which a client could lie.`,
  run: async (bench) => {
    const missing = missingWrk();
    if (missing !== null) return { rows: [row({ what: "requests a second", at: "", measured: missing })] };
    return { rows: rowsOf(await measure(bench)) };
  },
};
