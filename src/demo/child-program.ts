import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { watch } from "chokidar";

export interface ChildProgramOptions {
  readonly name: string;
  /** The program's file, run by this Node. */
  readonly script: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where its standard output and error go. */
  readonly logPath: string;
  readonly onLine: (line: string) => void;
}

/** One of the Pod's programs, running on this machine. */
export interface ChildProgram {
  readonly name: string;
  /** Resolves when it has ended: its exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/** Reads a growing file line by line. nginx opens `/dev/stdout`, which works on a file and not on a socket pair. */
const followLines = (path: string, onLine: (line: string) => void) => {
  let offset = 0;
  let rest = "";
  let reading: Promise<void> = Promise.resolve();
  const buffer = Buffer.alloc(64 * 1024);
  const readOn = async (): Promise<void> => {
    const file = await open(path, "r");
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        const lines = (rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      }
    } finally {
      await file.close();
    }
  };
  const look = (): Promise<void> => {
    reading = reading.then(readOn, readOn);
    return reading;
  };
  const watcher = watch(path);
  watcher.on("raw", () => void look());
  watcher.on("all", () => void look());
  return {
    stop: async () => {
      await watcher.close();
      await look();
    },
  };
};

const endOf = (child: ChildProcess): Promise<number | NodeJS.Signals> =>
  new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 1));
  });

/** Starts a program in a session of its own, so that Ctrl-C reaches the demo alone, which then stops it in order. */
export const startProgram = (options: ChildProgramOptions): ChildProgram => {
  const log = openSync(options.logPath, "a");
  const child = spawn(process.execPath, [options.script], {
    env: options.environment,
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  const lines = followLines(options.logPath, options.onLine);
  const ended = endOf(child).finally(() => lines.stop());
  let isEnded = false;
  void ended.finally(() => {
    isEnded = true;
  });
  return {
    name: options.name,
    ended,
    stop: async (graceMs) => {
      if (!isEnded) child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended.catch(() => undefined);
      clearTimeout(timer);
    },
  };
};
