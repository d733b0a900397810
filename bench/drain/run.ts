// What worker_shutdown_timeout and keepalive_min_timeout cost and bring, under reloads at the rate that hotroute allows.
// The figures of the decision record on them (docs/adr) come from here.
//
//   NGINX_BIN=... node bench/drain/run.ts [reloads=40]

import type { Tally } from "../../tests/support/load.ts";
import { isNginxAtLeast, nginxBinaries } from "../../tests/support/nginx-binaries.ts";
import { toMiB } from "../../tests/support/process-memory.ts";
import { measure, type Result, type Setting } from "./measure.ts";

const pairs: readonly (readonly [keepaliveMinTimeout: string, workerShutdownTimeout: string])[] = [
  ["0s", "60s"],
  ["1s", "60s"],
  ["5s", "60s"],
  ["15s", "60s"],
  ["5s", "10s"],
  ["5s", "30s"],
];

const rateOf = ({ answered, failures }: Tally): string =>
  `${failures.length} of ${answered + failures.length} (${((100 * failures.length) / Math.max(1, answered + failures.length)).toFixed(3)} %)`;

const rowOf = (version: string, setting: Setting, result: Result): string =>
  [
    version,
    setting.keepaliveMinTimeout,
    setting.workerShutdownTimeout,
    rateOf(result.busy),
    rateOf(result.thinking),
    `${(result.heldMs / 1000).toFixed(1)} s`,
    String(result.peakWorkers),
    `${toMiB(result.calmBytes)} → ${toMiB(result.peakBytes)} MiB`,
    `${result.cut} of ${result.webSockets}`,
  ].join(" | ");

const reloads = Number(process.argv[2] ?? 40);
console.log(
  "| nginx | keepalive_min_timeout | worker_shutdown_timeout | failed, no pauses | failed, pauses up to 8 s | worker held by an idle connection | most workers | memory | WebSockets cut |",
);
console.log("|---|---|---|---|---|---|---|---|---|");
for (const nginx of nginxBinaries) {
  const isOld = !isNginxAtLeast(nginx, "1.27.4");
  for (const [keepaliveMinTimeout, workerShutdownTimeout] of isOld ? pairs.slice(2, 3) : pairs) {
    const setting = { keepaliveMinTimeout, workerShutdownTimeout, reloads };
    const result = await measure(nginx, setting);
    console.log(
      `| ${rowOf(nginx.version, { ...setting, keepaliveMinTimeout: isOld ? "has none" : keepaliveMinTimeout }, result)} |`,
    );
  }
}
