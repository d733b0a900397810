import { readdir, readFile } from "node:fs/promises";
import { isRefusedByKernel } from "./outside.ts";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. Source: field 22 in proc_pid_stat(5) */
  readonly startTicks: number;
}

export interface ProcessInfo extends ProcessIdentity {
  readonly parentPid: number;
  readonly groupId: number;
  /** Dead, and not yet collected by its parent. */
  readonly isZombie: boolean;
}

/**
 * Reads a file of /proc/PID; null when there is no such process, or no such file in this kernel.
 *
 * @throws any other error (EMFILE …): a process that cannot be looked at is not one that has ended
 */
const readOfProcess = async (pid: number, name: string): Promise<string | null> => {
  try {
    return await readFile(`/proc/${pid}/${name}`, "latin1");
  } catch (error) {
    if (isRefusedByKernel(error) && (error.code === "ENOENT" || error.code === "ESRCH")) return null;
    throw error;
  }
};

/** Reads /proc/PID/stat; null when there is no such process. */
export const readProcess = async (pid: number): Promise<ProcessInfo | null> => {
  const text = await readOfProcess(pid, "stat");
  if (text === null) return null;
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parentPid, groupId] = fields;
  const startTicks = Number(fields[19]);
  return {
    pid,
    startTicks,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    isZombie: state === "Z" || state === "X",
  };
};

/** A process' arguments as one text, as nginx rewrites them to say what it does; empty when there is no such process. */
export const readTitle = async (pid: number): Promise<string> =>
  ((await readOfProcess(pid, "cmdline")) ?? "").replaceAll("\0", " ").trim();

const allPids = async (): Promise<readonly number[]> =>
  (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);

const select = async (wanted: (info: ProcessInfo) => boolean): Promise<readonly ProcessInfo[]> => {
  const found = await Promise.all((await allPids()).map(readProcess));
  return found.filter((info) => info !== null).filter((info) => !info.isZombie && wanted(info));
};

const childPids = async (pid: number): Promise<readonly number[]> => {
  const text = await readOfProcess(pid, `task/${pid}/children`);
  if (text !== null) return text.split(" ").filter(Boolean).map(Number);
  // A kernel without CONFIG_PROC_CHILDREN, or the process is gone: then the slow way finds none either.
  return (await select((info) => info.parentPid === pid)).map((info) => info.pid);
};

/**
 * What a child of nginx's master does, by the title that nginx gives it.
 * - `active`: a worker that accepts connections
 * - `draining`: a worker that accepts no more, and ends with its last connection
 * - `other`: cache manager, cache loader
 *
 * A worker sets its title right before it closes its listeners and never accepts in between.
 * Source: ngx_worker_process_cycle in src/os/unix/ngx_process_cycle.c
 */
export type NginxRole = "active" | "draining" | "other";

export interface NginxChild extends ProcessIdentity {
  readonly role: NginxRole;
}

const roleOf = (title: string): NginxRole => {
  if (title.startsWith("nginx: worker process is shutting down")) return "draining";
  if (title.startsWith("nginx: cache ")) return "other";
  // Also a child that has not set its title yet: it may become a worker.
  return "active";
};

/** The children of nginx's master; empty when it is gone. */
export const nginxChildren = async (masterPid: number): Promise<readonly NginxChild[]> => {
  const children = await Promise.all(
    (await childPids(masterPid)).map(async (pid): Promise<NginxChild | null> => {
      const [info, title] = await Promise.all([readProcess(pid), readTitle(pid)]);
      if (info === null || info.isZombie || info.parentPid !== masterPid) return null;
      return { pid, startTicks: info.startTicks, role: roleOf(title) };
    }),
  );
  return children.filter((child) => child !== null);
};

/** Whether two observations are of one process. */
export const isSameProcess = (left: ProcessIdentity, right: ProcessIdentity): boolean =>
  left.pid === right.pid && left.startTicks === right.startTicks;

/** The nginx processes of a process group, the leader included. */
export const nginxGroup = async (groupId: number): Promise<readonly ProcessInfo[]> => {
  const members = await select((info) => info.groupId === groupId);
  const titles = await Promise.all(members.map((info) => readTitle(info.pid)));
  return members.filter((_, index) => titles[index]?.startsWith("nginx: "));
};

/** Resident memory that is the process' own, in bytes; 0 when there is no such process. Source: proc_pid_status(5) */
export const ownMemoryBytes = async (pid: number): Promise<number> => {
  try {
    const status = await readFile(`/proc/${pid}/status`, "latin1");
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};
