import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { describeError } from "../ops/program.ts";
import type { NginxBinary } from "./nginx-binary.ts";

/** How a short run of nginx ended: what it wrote, and whether it was content. */
export interface CommandResult {
  readonly isOk: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** It was killed at its deadline. */
  readonly isTimeout: boolean;
}

/** nginx's own words fit in a fraction; a configuration that warns of each of 50,000 lines must not fill the memory. */
const maxStderrBytes = 64 * 1024;
/** As much as a configuration may be. */
const maxStdoutBytes = 64 * 1024 * 1024;

/** Collects a stream's text up to a size, and lets the rest go by. */
const collect = (stream: Readable | null, maxBytes: number): (() => string) => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    if (sizeBytes < maxBytes) chunks.push(chunk);
    sizeBytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8");
};

const run = (
  command: string,
  args: readonly string[],
  limits: RunLimits,
  wantsStdout: "stdout" | "no stdout" = "no stdout",
): Promise<CommandResult> =>
  new Promise((resolve) => {
    let isTimeout = false;
    const child = spawn(command, args, {
      stdio: ["ignore", wantsStdout === "stdout" ? "pipe" : "ignore", "pipe"],
    });
    const stdout = collect(child.stdout, maxStdoutBytes);
    const stderr = collect(child.stderr, maxStderrBytes);
    const kill = (): boolean => child.kill("SIGKILL");
    const timer = setTimeout(() => {
      isTimeout = true;
      kill();
    }, limits.timeoutMs);
    if (limits.stop.aborted) kill();
    limits.stop.addEventListener("abort", kill, { once: true });
    const end = (isOk: boolean, said: string): void => {
      clearTimeout(timer);
      limits.stop.removeEventListener("abort", kill);
      resolve({ isOk, stdout: stdout(), stderr: said, isTimeout });
    };
    // Where there is no descriptor for a pipe, `close` never comes.
    child.on("error", (error) => end(false, describeError(error)));
    child.on("close", (code) => end(code === 0, stderr()));
  });

/** What bounds a run: a deadline, and the end of the program. */
export interface RunLimits {
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
}

/** `nginx -t`: reads a configuration, and all that it names, without serving it. */
export const testConfiguration = (nginx: NginxBinary, confPath: string, limits: RunLimits): Promise<CommandResult> =>
  run(nginx.path, ["-t", "-q", "-c", confPath], limits);

/** `nginx -T`: as `-t`, and writes every file that was read to standard output. */
export const dumpConfiguration = (nginx: NginxBinary, confPath: string, limits: RunLimits): Promise<CommandResult> =>
  run(nginx.path, ["-T", "-q", "-c", confPath], limits, "stdout");

/** `nginx -s reload`: signals the master whose pid file the configuration names. Exits 0 even if the reload fails. */
export const signalReload = (nginx: NginxBinary, confPath: string, limits: RunLimits): Promise<CommandResult> =>
  run(nginx.path, ["-s", "reload", "-c", confPath], limits);
