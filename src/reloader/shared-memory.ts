import { readFile } from "node:fs/promises";
import { ownMemoryBytes } from "./processes.ts";

/**
 * A process' share of anonymous memory, in bytes: what is its own, and of pages that several have in common the part that
 * falls to it; 0 when there is no such process. nginx's workers have the configuration in common with the master: with
 * 2,000 servers and 4 workers a generation adds 60 to 80 MiB, the shares of master and workers say 100, and what is
 * resident in the workers says 330. Source: Pss_Anon in /proc/PID/smaps_rollup, proc_pid_smaps(5)
 */
export const shareOfMemoryBytes = async (pid: number): Promise<number> => {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, "latin1");
    const share = /^Pss_Anon:\s+(\d+) kB$/m.exec(text)?.[1];
    if (share !== undefined) return Number(share) * 1024;
  } catch {
    // It belongs to another user, or the kernel is older than 5.4.
  }
  return ownMemoryBytes(pid);
};
