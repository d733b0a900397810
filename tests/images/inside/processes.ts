import { readdir, readFile, readlink } from "node:fs/promises";

const field = (status: string, name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";

/** A process of a container, as /proc/PID/status has it. Source: proc(5) */
export interface Process {
  readonly pid: number;
  readonly name: string;
  readonly uid: string;
  readonly capEff: string;
  readonly capBnd: string;
  readonly noNewPrivs: string;
  readonly seccomp: string;
}

/** Each process of the container whose first process this is: those in its PID namespace. */
export const processesOf = async (firstPid: number): Promise<readonly Process[]> => {
  const namespaceOf = (pid: string): Promise<string> => readlink(`/proc/${pid}/ns/pid`).catch(() => "");
  const wanted = await namespaceOf(String(firstPid));
  const found: Process[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if ((await namespaceOf(pid)) !== wanted) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (status === "") continue;
    found.push({
      pid: Number(pid),
      name: field(status, "Name"),
      uid: field(status, "Uid").split(/\s+/)[0] ?? "",
      capEff: field(status, "CapEff"),
      capBnd: field(status, "CapBnd"),
      noNewPrivs: field(status, "NoNewPrivs"),
      seccomp: field(status, "Seccomp"),
    });
  }
  return found;
};

/** Memory of processes, shared pages counted by their share, in MiB. */
export const memoryMiB = async (processes: readonly Process[]): Promise<number> => {
  const sizes = await Promise.all(
    processes.map(async ({ pid }) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
      return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
    }),
  );
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 102.4) / 10;
};
