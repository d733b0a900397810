import { spawnSync } from "node:child_process";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "./wait.ts";

/** A cgroup with a memory limit, which a program sees as a container sees its own. */
export interface MemoryCgroup {
  /** What stands before a command that is to live in it. */
  readonly launcher: readonly string[];
  /** The most that it ever used, page cache included. */
  peakBytes(): Promise<number>;
  /** How many of its processes the kernel has killed for want of memory. */
  oomKills(): Promise<number>;
  /** SIGKILL to all in it, as the kernel does to a container (memory.oom.group). */
  killAll(): Promise<void>;
  /** Kills what is left in it, and removes it. */
  remove(): Promise<void>;
}

/** The names of one version of cgroups. Source: cgroup-v1/memory.html and cgroup-v2.html of docs.kernel.org */
interface Version {
  /** Where the files of a container's own group appear in it. */
  readonly mount: string;
  readonly limit: string;
  readonly peak: string;
  /** The file that counts the kills in a line `oom_kill N`. */
  readonly events: string;
}

const versions: readonly Version[] = [
  {
    mount: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
    events: "memory.oom_control",
  },
  { mount: "/sys/fs/cgroup", limit: "memory.max", peak: "memory.peak", events: "memory.events" },
];

/** The command replaces itself: joins the group, lays it over the mount in a namespace of its own, runs the rest. */
const launcherOf = (path: string, { mount }: Version): readonly string[] => [
  "unshare",
  "--mount",
  "sh",
  "-ec",
  `echo $$ >"${path}/cgroup.procs"; mount --bind "${path}" "${mount}"; exec "$@"`,
  "sh",
];

const control = (path: string, version: Version): MemoryCgroup => {
  const read = (name: string): Promise<string> => readFile(join(path, name), "utf8");
  const pids = async (): Promise<readonly number[]> =>
    (await read("cgroup.procs")).split("\n").filter(Boolean).map(Number);
  const killAll = async (): Promise<void> => {
    await waitFor("the end of all processes in the cgroup", async () => {
      const alive = await pids();
      for (const pid of alive) process.kill(pid, "SIGKILL");
      return alive.length === 0;
    });
  };
  return {
    launcher: launcherOf(path, version),
    peakBytes: async () => Number(await read(version.peak)),
    oomKills: async () => Number(/^oom_kill (\d+)$/m.exec(await read(version.events))?.[1]),
    killAll,
    remove: async () => {
      await killAll();
      // The kernel needs a moment to let go of the last process.
      await waitFor("the end of the cgroup", async () => rmdir(path).then(() => true));
    },
  };
};

let next = 0;

const tryVersion = async (version: Version, limitBytes: number): Promise<MemoryCgroup> => {
  next += 1;
  const path = join(version.mount, `hotroute-test-${process.pid}-${next}`);
  await mkdir(path);
  const cgroup = control(path, version);
  try {
    await writeFile(join(path, version.limit), `${limitBytes}\n`);
    const [file = "", ...args] = [...cgroup.launcher, "true"];
    const { status, stderr } = spawnSync(file, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr.trim());
    await cgroup.oomKills();
    return cgroup;
  } catch (error) {
    await rmdir(path);
    throw error;
  }
};

/**
 * Makes one, of version 1 or 2; a test that uses it removes it.
 *
 * @returns why this user cannot make one here
 */
export const createMemoryCgroup = async (limitBytes: number): Promise<MemoryCgroup | string> => {
  const reasons: string[] = [];
  for (const version of versions) {
    try {
      return await tryVersion(version, limitBytes);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  return `no cgroup with a memory limit can be made here (it takes root): ${reasons.join("; ")}`;
};
