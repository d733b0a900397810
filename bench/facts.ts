import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import type { NginxUnderTest } from "../tests/support/nginx-binaries.ts";

/** What a reader has to know of the machine and of the tree, as lines of a list. */
export const describeRun = (nginx: NginxUnderTest): readonly string[] => {
  const root = join(import.meta.dirname, "..");
  const git = (...args: readonly string[]): string => {
    try {
      return execFileSync("git", ["-C", root, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    } catch {
      return "";
    }
  };
  const commit = git("rev-parse", "--short=12", "HEAD") || "unknown";
  const isChanged = git("status", "--porcelain", "--", "src", "bench", "scripts") !== "";
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return [
    `commit ${commit}${isChanged ? ", with changes that are not committed" : ""}`,
    `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`,
    `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} cores, ${gib(totalmem())} of memory`,
    `${system}, kernel ${release()}`,
    `Node ${process.versions.node}, nginx ${nginx.version}`,
    `load before the run (1 minute): ${(loadavg()[0] ?? 0).toFixed(1)}`,
  ];
};
