import { freePort } from "../../tests/support/ports.ts";
import { type HeadersByHand, handWrittenConf, return200Conf } from "../parts/by-hand.ts";
import { backendAddress, hotrouteConf, hotrouteConfOf, type SiteOptions } from "../parts/configurations.ts";
import { inFolder, withStack } from "../parts/folder.ts";
import { firstHost } from "../parts/hosts.ts";
import {
  type Loaded,
  type LoadedOptions,
  loadInTurns,
  loadOneByOne,
  renewWorkers,
  startLoaded,
} from "../parts/loaded.ts";
import { type Core, twoCores } from "../parts/pinning.ts";
import { shapesOf } from "../parts/shapes.ts";
import { missingWrk } from "../parts/wrk.ts";
import { number, type Row, row, spread } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { median } from "../statistics.ts";

/** hotroute and what it is compared with. */
interface Pair {
  /** `beside one host tuned by hand` */
  readonly what: string;
  readonly at: string;
  readonly measured: Loaded;
  readonly reference: Loaded;
  /** Informs only where it does other work than its reference. */
  readonly hasReach: boolean;
}

const leastRatio = 0.98;
/** Of the headers that hotroute sends, the ones that configurations by hand have. */
const usualHeaders = ["X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"] as const;

/** The median of what each round had of its own. */
const ratioOf = (over: readonly number[], under: readonly number[]): number =>
  median(over.map((value, index) => value / (under[index] ?? Number.NaN)));

const rowsOf = ({ what, at, measured, reference, hasReach }: Pair): readonly Row[] => {
  const byReference = ratioOf(measured.ratesPerSecond, reference.ratesPerSecond);
  const rate = row({
    what: `requests a second, ${what}`,
    at,
    measured: spread(measured.ratesPerSecond, "/s"),
    reference: spread(reference.ratesPerSecond, "/s"),
    ratio: byReference.toFixed(3),
    ...(hasReach ? { reach: `≥ ${leastRatio}`, isMet: byReference >= leastRatio } : {}),
  });
  const cost = row({
    what: "the same, processor time of nginx for a request",
    at,
    measured: spread(measured.costsUs, "µs"),
    reference: spread(reference.costsUs, "µs"),
    ratio: ratioOf(measured.costsUs, reference.costsUs).toFixed(3),
  });
  if (!hasReach || measured.p99sMs.length === 0) return [rate, cost];
  const p99 = row({
    what: "the same, p99",
    at: `${measured.p99sMs.length} × 1 s`,
    measured: spread(measured.p99sMs, "ms"),
    reference: spread(reference.p99sMs, "ms"),
    ratio: ratioOf(measured.p99sMs, reference.p99sMs).toFixed(2),
  });
  return [rate, p99, cost];
};

/** Where everything is started. */
interface Place {
  readonly options: LoadedOptions;
  readonly backendPort: number;
  readonly at: (routes: number, which: string) => string;
}

/** An nginx for the last host of so many. */
const startRoutes = async (
  { options, backendPort }: Place,
  count: number,
  conf: (site: SiteOptions) => string,
): Promise<Loaded> => {
  const port = await freePort();
  const site = { count, listen: `127.0.0.1:${port}`, backendPort, nginx: options.nginx };
  return startLoaded(options, { port, host: firstHost(count - 1), path: "/", headers: {} }, conf(site));
};

/** Hosts of one Service each. */
const startHosts = async (place: Place, routes: readonly number[]): Promise<readonly Pair[]> => {
  const byHand = (headers: HeadersByHand) => startRoutes(place, 1, (site) => handWrittenConf(site, headers));
  const [same, usual] = [await byHand("same"), await byHand("usual")];
  const few = { upstreamHeaders: usualHeaders };
  const pairs: Pair[] = [];
  for (const count of routes) {
    const at = place.at(count, "the last host");
    pairs.push({
      what: "beside one host tuned by hand that sends the same headers",
      at,
      measured: await startRoutes(place, count, (site) => hotrouteConf(site)),
      reference: same,
      hasReach: true,
    });
    pairs.push({
      what: `with \`UPSTREAM_HEADERS=${usualHeaders.join(",")}\`, beside one host tuned by hand with these`,
      at,
      measured: await startRoutes(place, count, (site) => hotrouteConf(site, few)),
      reference: usual,
      hasReach: true,
    });
  }
  return pairs;
};

/** Routes that are more than a host. */
const startShapes = async (place: Place, count: number): Promise<readonly Pair[]> => {
  const { options, backendPort } = place;
  const pairs: Pair[] = [];
  for (const { name, services, options: settings, byHand, request, isSameWork } of shapesOf({ count, backendPort })) {
    const start = async (conf: (listen: string) => string): Promise<Loaded> => {
      const port = await freePort();
      return startLoaded(options, { ...request, port }, conf(`127.0.0.1:${port}`));
    };
    const ours = (listen: string): string => hotrouteConfOf(services, { listen, nginx: options.nginx }, settings);
    pairs.push({
      what: `${name}, beside the same by hand`,
      at: place.at(count, "the last one"),
      measured: await start(ours),
      reference: await start(byHand),
      hasReach: isSameWork,
    });
  }
  return pairs;
};

const growthRow = (most: Loaded, one: Loaded, routes: number): Row => {
  const growth = ratioOf(most.ratesPerSecond, one.ratesPerSecond);
  return row({
    what: `requests a second with ${number(routes)} routes beside 1`,
    at: `${one.ratesPerSecond.length} rounds`,
    measured: spread(most.ratesPerSecond, "/s"),
    reference: `1 route ${spread(one.ratesPerSecond, "/s")}`,
    ratio: growth.toFixed(3),
    reach: `≥ ${leastRatio}`,
    isMet: growth >= leastRatio,
  });
};

/** Starts the backend, which answers on the address of each Service that is asked. */
const startBackend = async (options: LoadedOptions, routes: readonly number[], core: Core): Promise<number> => {
  const port = await freePort();
  const listens = [...new Set(routes)].map((count) => `${backendAddress(count - 1)}:${port}`);
  const conf = ["keepalive_requests 1000000;\n", ...[`127.0.0.1:${port}`, ...listens].map(return200Conf)].join("");
  await startLoaded({ ...options, core }, { port, host: "backend", path: "/", headers: {} }, conf);
  return port;
};

const measure = (bench: Bench): Promise<readonly Row[]> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      const { nginx, scale } = bench;
      const { routes, shapeRoutes, rounds, seconds, latencyRounds } = scale.dataPlane;
      const cores = twoCores();
      const options = { stack, folder, nginx, core: cores.measured };
      const backendPort = await startBackend(options, [1, shapeRoutes, ...routes], cores.load);
      const at = (count: number, which: string): string =>
        `${number(count)} ${count === 1 ? "route" : "routes"}, ${which}, ${rounds} rounds`;
      const place = { options, backendPort, at };
      const largest = routes.at(-1) ?? 1;

      const hosts = await startHosts(place, routes);
      const none = await startRoutes(place, 1, ({ listen }) => return200Conf(listen));
      const blocks = await startRoutes(place, largest, handWrittenConf);
      const shapes = await startShapes(place, shapeRoutes);
      const ofPairs = (pairs: readonly Pair[]) => pairs.flatMap(({ measured, reference }) => [measured, reference]);
      const all = [...new Set([none, blocks, ...ofPairs(hosts), ...ofPairs(shapes)])];

      for (let round = 0; round < latencyRounds; round += 1)
        await loadOneByOne([...new Set(ofPairs(hosts))], cores.load);
      for (let round = 0; round < rounds; round += 1) {
        await renewWorkers(all);
        await loadInTurns(all, seconds, cores.load);
        bench.say(`round ${round + 1} of ${rounds}`);
      }

      const [first, withUsual, most] = [hosts[0], hosts[1], hosts.at(-2)];
      if (first === undefined || withUsual === undefined || most === undefined) throw new Error("there are no hosts");
      const [one, usual] = [first.measured, withUsual.reference];
      const inform = (what: string, count: number, measured: Loaded, reference: Loaded): readonly Row[] =>
        rowsOf({ what, at: at(count, "the last host"), measured, reference, hasReach: false });
      return [
        ...hosts.flatMap(rowsOf),
        growthRow(most.measured, one, largest),
        ...shapes.flatMap(rowsOf),
        ...inform("beside one host tuned by hand that sends only the four usual headers", 1, one, usual),
        ...inform("beside a block for each host, with the four usual headers", largest, most.measured, blocks),
        ...inform("beside `return 200`", 1, one, none),
      ];
    }),
  );

export const dataPlane: Section = {
  name: "data-plane",
  title: "Requests through nginx",
  method: `wrk with one thread and 16 kept-alive connections asks the last host of the file; one worker for each nginx, no access
log, upstreams kept open on both sides, the backend an nginx that answers \`return 200\`. What is measured has a core to itself, the
load and the backend share another (taskset). All run at the same time, and take turns of a tenth of a second, so that the machine
is as fast for one as for the other. Each round has new workers, so that where in memory their configuration happens to lie is not
the same for all rounds; ratios are medians of the rounds' own ratios. Latencies are measured by themselves, a second of each at a
time. All have the reloader's nginx.conf. *Tuned by hand*: one server block with an upstream that is kept open, for port 80. What is compared sends the same headers: hotroute tells backends more than most configurations by hand do (WebSocket
upgrades, the host and port that were asked for, a request's random number), and each costs; what they cost together, a row
below tells. \`UPSTREAM_HEADERS\` leaves out those that no backend reads.`,
  run: async (bench) => {
    const missing = missingWrk();
    if (missing !== null) return { rows: [row({ what: "requests a second", at: "", measured: missing })] };
    return { rows: await measure(bench) };
  },
};
