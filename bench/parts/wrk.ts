import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Child, startChild } from "./children.ts";
import { type Core, onCore } from "./pinning.ts";

/** What wrk asks for. */
export interface WrkRequest {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  /** Beside Host. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What one run of wrk came to. Source: https://github.com/wg/wrk */
export interface WrkRun {
  readonly requests: number;
  readonly p99Ms: number;
}

const connections = 16;
const turnMs = 100;
const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Why there can be no load; null when there can. */
export const missingWrk = (): string | null =>
  spawnSync("wrk", ["--version"]).error === undefined ? null : "skipped: no wrk (Debian: apt-get install wrk)";

/** One thread, 16 kept-alive connections. */
const startWrk = ({ port, host, path, headers }: WrkRequest, seconds: number, core: Core): Promise<Child> => {
  const fields = Object.entries({ Host: host, ...headers }).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "60s", "--latency", ...fields];
  return startChild(onCore(core, ["wrk", ...args, `http://127.0.0.1:${port}${path}`]));
};

/** @throws Error when an answer was not a 2xx or a connection broke */
const resultOf = async (child: Child, { host, port, path }: WrkRequest): Promise<WrkRun> => {
  await child.ended;
  const text = child.tail();
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${host}${path} on ${port}: ${text}`);
  const requests = /(\d+) requests in /.exec(text)?.[1];
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(text) ?? [];
  if (requests === undefined || p99 === "") throw new Error(`wrk said something else: ${text}`);
  return { requests: Number(requests), p99Ms: Number(p99) * (milliseconds[unit] ?? Number.NaN) };
};

/** One run after the other. */
export const runWrk = async (request: WrkRequest, seconds: number, core: Core): Promise<WrkRun> => {
  const child = await startWrk(request, seconds, core);
  try {
    return await resultOf(child, request);
  } finally {
    await child.stop();
  }
};

/** It sums up what it has, and ends; said again where the thread that was told is not the one that sleeps. */
const interrupt = async (child: Child): Promise<void> => {
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    process.kill(child.pid, "SIGINT");
    await sleep(5);
  }
};

export interface TurnsResult {
  readonly requests: number;
  /** Of its turns together. */
  readonly seconds: number;
}

/**
 * Several runs at once, of which only one works at any time: turns of a tenth of a second, so that what the machine does
 * meanwhile meets all of them alike. Latencies are of no use then.
 */
export const runWrkInTurns = async (
  requests: readonly WrkRequest[],
  seconds: number,
  core: Core,
): Promise<readonly TurnsResult[]> => {
  const turns = Math.round((1000 * seconds) / turnMs);
  const runs: { readonly request: WrkRequest; readonly child: Child; ms: number }[] = [];
  try {
    for (const request of requests) {
      const child = await startWrk(request, Math.ceil(2 * seconds * requests.length) + 60, core);
      child.pause();
      runs.push({ request, child, ms: 0 });
    }
    for (let turn = 0; turn < turns; turn += 1) {
      // The other way round each time: what comes first has no advantage.
      for (const run of turn % 2 === 0 ? runs : runs.toReversed()) {
        const startMs = performance.now();
        run.child.resume();
        await sleep(turnMs);
        run.child.pause();
        run.ms += performance.now() - startMs;
      }
    }
    const results: TurnsResult[] = [];
    for (const { request, child, ms } of runs) {
      child.resume();
      await interrupt(child);
      results.push({ requests: (await resultOf(child, request)).requests, seconds: ms / 1000 });
    }
    return results;
  } finally {
    await Promise.all(runs.map(({ child }) => child.stop()));
  }
};
