import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../tests/support/ports.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { type BenchApi, type CreatedService, startApi } from "../parts/api.ts";
import { statusOf, timeToFirstAnswer } from "../parts/first-answer.ts";
import { inFolder, type Stack, withStack } from "../parts/folder.ts";
import { type NginxByHand, startNginxByHand } from "../parts/nginx-by-hand.ts";
import { quantity, type Row, ratio, row, spread } from "../row.ts";
import type { Bench, Section } from "../section.ts";
import { median, percentile } from "../statistics.ts";
import { others } from "../subjects/all.ts";
import { hotroute, type RunningHotroute } from "../subjects/hotroute.ts";
import type { Place, RunningSubject, Subject } from "../subjects/subject.ts";

/** Times of the changes of one subject, in milliseconds from the API's answer (the floor: from the write). */
interface Times {
  readonly first: number[];
  readonly settled: number[];
  /** Of hotroute: what of it is neither its `nginx -t` nor nginx's time from the signal on. */
  readonly own: number[];
}

const newTimes = (): Times => ({ first: [], settled: [], own: [] });

/** The others have a turn in each round; with so many Services that one change takes seconds, two have to do. */
const roundCount = (services: number): number => (services >= 10_000 ? 2 : 4);
const changedServices = 10;
/** Between two changes, so that the workers of before have given back what they had. */
const restMs = 30;

/** Backends on the very ClusterIPs of the Services that are changed: a request goes all the way. */
const startBackends = async (services: readonly CreatedService[], port: number): Promise<{ stop(): Promise<void> }> => {
  const servers = services.map(() => createServer((_request, response) => response.end("answered\n")));
  await Promise.all(
    servers.map(
      (server, index) =>
        new Promise<void>((resolve, reject) => {
          server.once("error", reject).listen(port, services[index]?.clusterIP, resolve);
        }),
    ),
  );
  return {
    stop: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
};

/** Everything that is measured at one number of Services. */
interface Stage {
  readonly api: BenchApi;
  readonly targets: readonly CreatedService[];
  readonly bench: Bench;
  /** A host that nobody has had before. */
  nextHost(): string;
}

interface Turn {
  readonly subject: Subject;
  readonly port: number;
  readonly running: RunningSubject;
  readonly times: Times;
}

const isHotroute = (running: RunningSubject): running is RunningHotroute => "lastReload" in running;

/** One change through the API. @returns milliseconds to the first answer, and until settled where that can be known */
const changeOnce = async (
  stage: Stage,
  { subject, port, running }: Turn,
): Promise<{ first: number; settled: number | null; fromDateMs: number }> => {
  const host = stage.nextHost();
  const target = stage.targets[Math.floor(Math.random() * stage.targets.length)];
  if (target === undefined) throw new Error("there is no Service to change");
  if ((await statusOf(port, host)) === 200) throw new Error(`${host} is answered before it is wanted`);
  const fromMs = await stage.api.changeHost(target.name, host);
  const fromDateMs = Date.now() - (performance.now() - fromMs);
  const first = await timeToFirstAnswer(port, host, fromMs).catch((cause: unknown) => {
    throw new Error(`${subject.name}: ${running.tail()}`, { cause });
  });
  let settled: number | null = null;
  const look = async (): Promise<boolean> => {
    const isSettled = await running.isSettled();
    if (isSettled === true) settled = performance.now() - fromMs;
    return isSettled !== false;
  };
  await waitFor("nothing of an earlier configuration to answer", look, { everyMs: 2, deadlineMs: 60_000 });
  return { first, settled, fromDateMs };
};

const takeTurn = async (stage: Stage, turn: Turn, changes: number): Promise<void> => {
  for (let done = 0; done < changes; done += 1) {
    const { first, settled, fromDateMs } = await changeOnce(stage, turn);
    turn.times.first.push(first);
    if (settled !== null) turn.times.settled.push(settled);
    if (isHotroute(turn.running)) {
      const { signalledAtMs, testedMs } = await turn.running.lastReload();
      turn.times.own.push(signalledAtMs - fromDateMs - testedMs);
    }
    await sleep(restMs);
  }
};

/** The floor: the same file with the changed host, written, tested, signalled by hand. */
const changeByHand = async (server: NginxByHand, port: number, text: string, host: string): Promise<number> => {
  const fromMs = performance.now();
  await server.write(text);
  await server.test();
  server.signal();
  const first = await timeToFirstAnswer(port, host, fromMs);
  await server.settled();
  await sleep(restMs);
  return first;
};

interface Measured {
  readonly services: number;
  readonly floor: Times;
  readonly own: Times;
  readonly others: readonly { readonly subject: Subject; readonly times: Times; readonly missing: string | null }[];
}

const startTurn = async (stage: Stage, stack: Stack, folder: string, subject: Subject): Promise<Turn> => {
  const { bench, api } = stage;
  const port = await freePort();
  const own = join(folder, subject.name.replaceAll(/\W/g, "-"));
  await mkdir(own);
  const place: Place = {
    folder: own,
    apiUrl: api.url,
    kubeconfigPath: api.kubeconfigPath,
    nginx: bench.nginx,
    port,
    workers: bench.workers,
    dist: bench.dist,
    // A lone change waits for nothing; that the next may follow at once is for the benchmark's own sake.
    settings: { RELOAD_INTERVAL_MS: "50", LOG_LEVEL: "warn" },
  };
  const running = stack.add(await subject.start(place));
  const turn = { subject, port, running, times: newTimes() };
  const [target] = stage.targets;
  const host = stage.nextHost();
  await api.changeHost(target?.name ?? "", host);
  await timeToFirstAnswer(port, host, performance.now(), { deadlineMs: 120_000 });
  return turn;
};

const measure = (bench: Bench, services: number, changes: number): Promise<Measured> =>
  inFolder((folder) =>
    withStack(async (stack) => {
      const backendPort = await freePort();
      const api = stack.add(await startApi(services, backendPort));
      const count = Math.min(changedServices, services);
      const step = Math.floor(services / count);
      const targets = api.services.filter((_, index) => index % step === 0).slice(0, count);
      stack.add(await startBackends(targets, backendPort));
      let hosts = 0;
      const stage: Stage = { api, targets, bench, nextHost: () => `change-${++hosts}.example.com` };

      const own = await startTurn(stage, stack, folder, hotroute);
      if (!isHotroute(own.running)) throw new Error("not hotroute's turn");
      const { configFile } = own.running;
      const floorPort = await freePort();
      const floorText = async (host: string): Promise<string> => {
        const text = await readFile(configFile, "utf8");
        const moved = text.replaceAll(`listen 127.0.0.1:${own.port}`, `listen 127.0.0.1:${floorPort}`);
        const [, changed] = /server_name (change-\d+\.example\.com);/.exec(moved) ?? [];
        // It stands in a map too where hosts share servers.
        return changed === undefined ? moved : moved.replaceAll(changed, host);
      };
      const handFolder = join(folder, "by-hand");
      const floorServer = stack.add(
        await startNginxByHand(bench.nginx, handFolder, {
          workers: bench.workers,
          defaultConf: await floorText(stage.nextHost()),
        }),
      );
      const floor = newTimes();
      const rest: { subject: Subject; times: Times; missing: string | null; turn: Turn | null }[] = [];
      own.running.pause();
      for (const subject of others) {
        const missing = subject.missing();
        const turn = missing === null ? await startTurn(stage, stack, folder, subject) : null;
        turn?.running.pause();
        rest.push({ subject, times: turn?.times ?? newTimes(), missing, turn });
      }

      const { limitMs } = bench.scale.propagation;
      const startMs = performance.now();
      const rounds = Math.min(roundCount(services), changes);
      for (let round = 0; round < rounds; round += 1) {
        // Where one change takes seconds, the rest of a round's time is the others'.
        const untilMs = startMs + (limitMs * (round + 0.75)) / rounds;
        own.running.resume();
        // What the others' changes left to do is done before anything is measured.
        await changeOnce(stage, own);
        for (let done = 0; done < Math.ceil(changes / rounds) && performance.now() < untilMs; done += 1) {
          const byHand = async (): Promise<void> => {
            const host = stage.nextHost();
            floor.first.push(await changeByHand(floorServer, floorPort, await floorText(host), host));
          };
          // Each goes first every other time: what one leaves behind (workers that end) is the other's as often.
          if (done % 2 === 0) await byHand();
          await takeTurn(stage, own, 1);
          if (done % 2 === 1) await byHand();
        }
        own.running.pause();
        for (const { subject, turn } of rest) {
          if (turn === null) continue;
          turn.running.resume();
          await changeOnce(stage, turn);
          const share = (changes * (subject.share ?? 100)) / 100 / rounds;
          await takeTurn(stage, turn, Math.max(1, Math.round(share)));
          turn.running.pause();
        }
        bench.say(
          `${services} Services, round ${round + 1} of ${rounds}: floor ${quantity(median(floor.first), "ms")}, ` +
            `hotroute ${quantity(median(own.times.first), "ms")}`,
        );
      }
      own.running.resume();
      for (const { turn } of rest) turn?.running.resume();
      return { services, floor, own: own.times, others: rest };
    }),
  );

/** Each change by hand is followed by one through hotroute: a machine that is slow for a while is slow for both. */
const pairedDifferences = (own: readonly number[], floor: readonly number[]): readonly number[] =>
  own.slice(0, floor.length).map((time, index) => time - (floor[index] ?? Number.NaN));

/** What hotroute may add to the floor, in milliseconds. */
const allowance = (services: number): number => (services >= 10_000 ? 100 : 50);

const signed = (ms: number): string => `${ms >= 0 ? "+" : "−"}${quantity(Math.abs(ms), "ms")}`;

const rowsOf = ({ services, floor, own, others: rest }: Measured): readonly Row[] => {
  const at = `${services.toLocaleString("en-US")} Services, ${own.first.length} changes`;
  const [p50, floor50, p99] = [median(own.first), median(floor.first), percentile(own.first, 99)];
  const differences = pairedDifferences(own.first, floor.first);
  const added = median(differences);
  const reach = `≤ floor + ${allowance(services)} ms`;
  return [
    row({
      what: "change accepted by the API → first answer by it, p50",
      at,
      measured: spread(own.first, "ms"),
      reference: `floor ${spread(floor.first, "ms")}`,
      ratio: `${ratio(p50, floor50)} (${signed(added)}; ${signed(percentile(differences, 5))} to ${signed(percentile(differences, 95))})`,
      reach,
      isMet: added <= allowance(services),
    }),
    row({
      what: "of it beside the `nginx -t` and the reload of that very change",
      at,
      measured: spread(own.own, "ms"),
      reach,
      isMet: median(own.own) <= allowance(services),
    }),
    row({
      what: "the same, p99",
      at,
      measured: quantity(p99, "ms"),
      reference: `p50 ${quantity(p50, "ms")}; floor's p99 ${quantity(percentile(floor.first, 99), "ms")}`,
      ratio: ratio(p99, p50),
      reach: "≤ 2 × p50",
      isMet: p99 <= 2 * p50,
    }),
    row({ what: "the same, until settled", at, measured: spread(own.settled, "ms") }),
    ...rest.map(({ subject, times, missing }) =>
      row({
        what: `change → first answer, beside ${subject.name}`,
        at: `${services.toLocaleString("en-US")} Services, ${times.first.length} changes by it`,
        measured: quantity(p50, "ms"),
        reference: missing ?? `${subject.name} ${spread(times.first, "ms")}`,
        ratio: ratio(p50, median(times.first)),
        reach: times.first.length > 0 ? "< 1" : "",
        isMet: times.first.length > 0 ? p50 < median(times.first) : null,
      }),
    ),
  ];
};

export const propagation: Section = {
  name: "propagation",
  title: "From a change to the first answer by it",
  method: `A change gives one Service another host (PATCH). The clock starts when the API's answer has arrived, and stops when a
request for the new host, asked about every millisecond on a connection of its own, is answered with 200 by the Service's
backend. *Floor*: hotroute's own file with another host, written into the folder of an nginx under the same nginx.conf,
\`nginx -t\`, SIGHUP, first answer; the clock starts before the write. One change by hand, one through hotroute, in turn; what
hotroute adds is the median of these pairs' differences (in brackets their 5th and 95th percentile: at 10,000 Services nginx's
own time differs by more from one reload to the next than may be added). So it is measured beside the floor within the change
too: what is neither its \`nginx -t\` nor nginx's time from the signal on, from status.json. The others have their rounds in
between, and take no processor time while it is not their turn. *Settled*: no worker of an earlier configuration is left.
RELOAD_INTERVAL_MS is 50 instead of 1,000 here, so that the next change may follow at once; a lone change waits for neither.`,
  run: async (bench) => {
    const rows: Row[] = [];
    for (const { services, changes } of bench.scale.propagation.sizes) {
      rows.push(...rowsOf(await measure(bench, services, changes)));
    }
    return { rows };
  },
};
