import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** One process, as /proc tells. Source: proc(5) */
export interface ProcessSample {
  readonly pid: number;
  readonly command: string;
  /**
   * Memory of its own, in KiB, and its share of what it has in common with others (Pss_Anon): nginx's workers share the
   * configuration with their master, and RssAnon would count it once for each.
   */
  readonly anonKib: number;
  /** Its own and its ended children's. */
  readonly cpuMs: number;
}

const clockTickMs = 10;

const readProcess = (pid: number): ProcessSample | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything; the fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
    const anon = /^Pss_Anon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
    return {
      pid,
      command: readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim(),
      anonKib: Number(anon ?? 0),
      cpuMs: ticks * clockTickMs,
    };
  } catch {
    return null; // it ended meanwhile
  }
};

/** A process may be a child of any thread. */
const childrenOf = (pid: number): readonly number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1")
        .split(" ")
        .filter((child) => child !== "")
        .map(Number),
    );
  } catch {
    return [];
  }
};

/** A process and all that descend from it; empty when it has ended. */
export const processTree = (root: number): readonly ProcessSample[] => {
  const pids = [root];
  for (const pid of pids) pids.push(...childrenOf(pid));
  return pids.map(readProcess).filter((sample) => sample !== null);
};

/** What the files below a folder take on a tmpfs, in KiB: whole pages. */
export const folderKib = (folder: string): number => {
  let pages = 0;
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) pages += Math.ceil(statSync(join(entry.parentPath, entry.name)).size / 4096);
    }
  } catch {
    // A release was removed meanwhile: the next sample counts.
  }
  return pages * 4;
};
