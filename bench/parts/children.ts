import { type ChildProcess, spawn } from "node:child_process";
import { waitFor } from "../../tests/support/wait.ts";

/** A process of the benchmark's own, at the head of a process group of its own. */
export interface Child {
  readonly pid: number;
  /** The end of what it said: standard output and standard error. */
  tail(): string;
  /** Waits until it has said something, and gives the match. */
  waitForOutput(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** Stops the whole group where it stands, until `resume`: it takes no processor time. */
  pause(): void;
  resume(): void;
  /** SIGTERM to the group, and SIGKILL where that does not end it. */
  stop(): Promise<void>;
}

const keptCharacters = 64 * 1024;
const graceMs = 10_000;
const running = new Set<ChildProcess>();
let isGuarded = false;

const signalGroup = ({ pid }: ChildProcess, signal: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
};

/** Whatever ends the benchmark ends its children too. */
const guard = (): void => {
  if (isGuarded) return;
  isGuarded = true;
  process.once("exit", () => {
    for (const child of running) {
      signalGroup(child, "SIGTERM");
      signalGroup(child, "SIGCONT");
    }
  });
};

/** Starts a process. @throws Error when it cannot be started */
export const startChild = async (
  command: readonly [string, ...string[]],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Child> => {
  guard();
  const [file, ...args] = command;
  const child = spawn(file, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const keep = (chunk: string): void => {
    text = (text + chunk).slice(-keptCharacters);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(signal ?? code ?? 1);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => reject(new Error(`cannot start ${file}`, { cause })));
  });
  running.add(child);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    tail: () => text.slice(-2000),
    waitForOutput: async (pattern, deadlineMs = 60_000) => {
      const look = (): RegExpExecArray | null => pattern.exec(text);
      await waitFor(`${file} ${args[0] ?? ""} to say ${pattern}`, () => look() !== null || hasEnded(), { deadlineMs });
      const found = look();
      if (found === null) throw new Error(`${file} ${args[0] ?? ""} ended before it said ${pattern}: ${text}`);
      return found;
    },
    ended,
    pause: () => signalGroup(child, "SIGSTOP"),
    resume: () => signalGroup(child, "SIGCONT"),
    stop: async () => {
      signalGroup(child, "SIGTERM");
      signalGroup(child, "SIGCONT");
      const timer = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
};
