import { readFile } from "node:fs/promises";
import { ownMemoryBytes } from "./processes.ts";

/**
 * A process' share of memory, in bytes: what is its own, and of pages that several processes have in common the part that
 * falls to it; 0 when there is no such process. nginx's workers have the whole configuration in common: two workers of
 * 800 servers have 75 MiB resident, and take 41 MiB together with their master.
 * Source: Pss_Anon in /proc/PID/smaps_rollup, proc_pid_smaps(5)
 */
export const shareOfMemoryBytes = async (pid: number): Promise<number> => {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, "latin1");
    const share = /^Pss_Anon:\s+(\d+) kB$/m.exec(text)?.[1];
    if (share !== undefined) return Number(share) * 1024;
  } catch {
    // Its user is another one's (then this one may not look), or the kernel is older than 5.4.
  }
  return ownMemoryBytes(pid);
};
