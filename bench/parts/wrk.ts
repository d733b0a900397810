import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { type Core, onCore } from "./pinning.ts";

/** What one run of wrk came to. Source: https://github.com/wg/wrk */
export interface WrkRun {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

const run = promisify(execFile);
const connections = 16;
const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Why there can be no load; null when there can. */
export const missingWrk = (): string | null =>
  spawnSync("wrk", ["--version"]).error === undefined ? null : "skipped: no wrk (Debian: apt-get install wrk)";

/** One thread, 16 kept-alive connections. @throws Error when an answer was not a 2xx or a connection broke */
export const runWrk = async (port: number, host: string, seconds: number, core: Core): Promise<WrkRun> => {
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-H", `Host: ${host}`];
  const [file, ...rest] = onCore(core, ["wrk", ...args, `http://127.0.0.1:${port}/`]);
  const { stdout } = await run(file, rest, { timeout: (seconds + 20) * 1000 });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${host} on ${port}: ${stdout}`);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  const requests = /(\d+) requests in /.exec(stdout)?.[1];
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(stdout) ?? [];
  if (rate === undefined || requests === undefined || p99 === "") throw new Error(`wrk said something else: ${stdout}`);
  return {
    requests: Number(requests),
    requestsPerSecond: Number(rate),
    p99Ms: Number(p99) * (milliseconds[unit] ?? Number.NaN),
  };
};
