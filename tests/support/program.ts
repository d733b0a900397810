import { type ChildProcess, spawn } from "node:child_process";
import { childEnvironment } from "./child-environment.ts";
import { programFile } from "./program-file.ts";
import { waitFor } from "./wait.ts";

/** A program of hotroute that a test has started, and what it said. */
export interface RunningProgram {
  readonly child: ChildProcess;
  /** The lines on standard output that are JSON: its log. */
  log(): readonly Readonly<Record<string, unknown>>[];
  stderr(): string;
  /** Waits for a log line with this message, and gives it. */
  waitForLog(message: string, from?: number): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL if that does not end it; resolves with what it ended by. */
  stop(): Promise<number | NodeJS.Signals>;
}

const parseLine = (line: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
};

/**
 * Starts a container's program as a process of its own.
 *
 * @param environment all that it sees of the environment, beside `childEnvironment`
 * @param launcher a command before it that replaces itself by it, and by which it lives in other surroundings
 */
export const startProgram = (
  name: "init" | "generator" | "reloader",
  environment: Readonly<Record<string, string>>,
  launcher: readonly string[] = [],
): RunningProgram => {
  const [file = process.execPath, ...args] = [...launcher, process.execPath, programFile(name)];
  const child = spawn(file, args, {
    env: { ...childEnvironment, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    // `close`, not `exit`: then everything it said has been read.
    child.once("close", (code, signal) => {
      process.off("exit", killAtExit);
      resolve(signal ?? code ?? 1);
    });
  });
  const log = (): readonly Readonly<Record<string, unknown>>[] =>
    out
      .split("\n")
      .map(parseLine)
      .filter((line) => line !== null);
  return {
    child,
    log,
    stderr: () => err,
    waitForLog: (message, from = 0) =>
      waitFor(`${name} to log ${JSON.stringify(message)}; it said ${out.slice(-2000)}${err}`, () =>
        log()
          .slice(from)
          .find(({ msg }) => msg === message),
      ),
    ended,
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      const result = await ended;
      clearTimeout(timer);
      return result;
    },
  };
};
