import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { followLines } from "./follow-lines.ts";
import type { Guard } from "./guard.ts";

export interface ChildProgramOptions {
  readonly name: string;
  /** The program's file, run by this Node. */
  readonly script: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where its standard output and error go. */
  readonly logPath: string;
  readonly onLine: (line: string) => void;
  readonly guard: Guard;
}

/** One of the Pod's programs, running on this machine. */
export interface ChildProgram {
  readonly name: string;
  /** Resolves when it has ended and its log is read: its exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL to its process group after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

const endOf = (child: ChildProcess): Promise<number | NodeJS.Signals> =>
  new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 1));
  });

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
};

/** Starts a program in a session of its own, so that Ctrl-C reaches the demo alone, which then stops it in order. */
export const startProgram = (options: ChildProgramOptions): ChildProgram => {
  const log = openSync(options.logPath, "a+");
  const child = spawn(process.execPath, [options.script], {
    env: options.environment,
    stdio: ["ignore", log, log],
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) options.guard.watch(pid);
  const lines = followLines(log, options.logPath, options.onLine);
  let isEnded = false;
  const ended = endOf(child).finally(async () => {
    isEnded = true;
    if (pid !== undefined) options.guard.release(pid);
    await lines.stop();
    closeSync(log);
  });
  // Whoever waits for it is told; nobody need.
  ended.catch(() => undefined);
  return {
    name: options.name,
    ended,
    stop: async (graceMs) => {
      if (isEnded) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(pid), graceMs);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  };
};
