import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm, truncate } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFileAtomic } from "../files/atomic-write.ts";
import { ProgramError } from "../ops/program.ts";
import type { NginxBinary } from "./nginx-binary.ts";
import { nginxGroup, readTitle } from "./processes.ts";
import type { RunPaths } from "./run-paths.ts";

/** A running nginx master that this program started. */
export interface NginxMaster {
  readonly pid: number;
  /** Null while it runs; then how it ended, in words. */
  readonly ended: () => string | null;
  /** Resolves when it has ended. */
  readonly end: Promise<string>;
  /** Signals the master itself. */
  readonly signal: (name: "SIGQUIT" | "SIGTERM" | "SIGKILL") => void;
}

/** Kills what is left of a master's process group, and waits until it is gone: workers hold the ports until then. */
export const endGroup = async (groupId: number): Promise<number> => {
  let killed = 0;
  for (;;) {
    // Each member is looked at before it is killed: a number that was given out anew is a stranger's.
    const members = await nginxGroup(groupId);
    if (members.length === 0) return killed;
    for (const { pid } of members) {
      try {
        process.kill(pid, "SIGKILL");
        killed += 1;
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await sleep(2);
  }
};

/** The pid file's number; null when it is missing, empty or anything else. */
export const readPidFile = async (path: string): Promise<number | null> => {
  try {
    const text = (await readFile(path, "latin1")).trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
};

/**
 * Ends an nginx that an earlier run of the reloader, killed itself, left in the same run folder.
 *
 * @returns how many processes were ended
 */
export const endLeftovers = async (paths: RunPaths): Promise<number> => {
  const pid = await readPidFile(paths.pid);
  if (pid === null) return 0;
  const title = await readTitle(pid);
  const isOurs = title.startsWith("nginx: master process ") && title.includes(` -c ${paths.live} `);
  // A dead master's workers say nothing of the folder, but their group is named by its number, which is not given out
  // again while they live.
  const isDead = title === "";
  return isOurs || isDead ? endGroup(pid) : 0;
};

/** Makes sure that the pid file names our master, since `nginx -s` signals whom it names. */
export const claimPidFile = async (paths: RunPaths, master: NginxMaster): Promise<"ours" | "corrected"> => {
  if ((await readPidFile(paths.pid)) === master.pid) return "ours";
  await writeFileAtomic(paths.pid, `${master.pid}\n`);
  return "corrected";
};

/** Writes all that `nginx -s reload` must read to find the pid file, instead of the whole configuration. */
export const writeSignalConf = async (paths: RunPaths): Promise<void> => {
  const text = `pid "${paths.pid}";\nevents {}\n`;
  // As a rule it is there: it needs no room on a volume that is full.
  if ((await readFile(paths.signal, "utf8").catch(() => null)) === text) return;
  await writeFileAtomic(paths.signal, text);
};

const describeEnd = (code: number | null, signal: string | null): string =>
  signal === null ? `exit code ${code ?? "unknown"}` : signal;

const watchEnd = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.once("exit", (code, signal) => resolve(describeEnd(code, signal))));

/**
 * Starts nginx from live.conf. It writes to the reloader's own standard output and error, so that logs to /dev/stdout
 * work, and leads a process group of its own, by which its workers are found when it was killed.
 *
 * @throws ProgramError when it cannot be started at all
 */
export const startMaster = async (nginx: NginxBinary, paths: RunPaths): Promise<NginxMaster> => {
  // nginx does not bind a socket that a crash left behind.
  await rm(paths.socket, { force: true });
  await clearReasons(paths);
  const [file = nginx.path, ...args] = [...nginx.launcher, nginx.path, "-c", paths.live, "-g", "daemon off;"];
  const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"], detached: true, cwd: paths.runDir });
  const { pid } = child;
  if (pid === undefined) {
    const cause = await new Promise<Error>((resolve) => child.once("error", resolve));
    throw new ProgramError(`cannot start ${file}`, { cause });
  }
  let ended: string | null = null;
  const end = watchEnd(child).then((how) => {
    ended = how;
    return how;
  });
  return { pid, ended: () => ended, end, signal: (name) => child.kill(name) };
};

/** Empties the log of reasons, so that what it holds later is of one load. */
export const clearReasons = async (paths: RunPaths): Promise<void> => {
  try {
    await truncate(paths.reasons);
  } catch {
    // There is none before nginx first runs.
  }
};

/** What nginx said since the log of reasons was emptied; empty when nothing. */
export const readReasons = async (paths: RunPaths): Promise<string> => {
  try {
    return await readFile(paths.reasons, "utf8");
  } catch {
    return "";
  }
};
