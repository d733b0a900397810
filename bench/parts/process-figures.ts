import { readFileSync } from "node:fs";
import { processTree } from "../sizing/processes.ts";

/** Memory of one process, in KiB. Source: proc_pid_status(5) */
export interface ProcessMemory {
  /** Private: RssAnon. */
  readonly privateKib: number;
  readonly residentKib: number;
}

/** @throws Error when there is no such process */
export const memoryOf = (pid: number): ProcessMemory => {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return { privateKib: field("RssAnon"), residentKib: field("VmRSS") };
};

/** Processor time of a process and of its children that have ended, in milliseconds. */
export const processorMs = (pid: number): number =>
  processTree(pid).find((sample) => sample.pid === pid)?.cpuMs ?? Number.NaN;

/** Processor time of the children of a process that run now, in milliseconds, by the nanosecond. Source: schedstats.rst */
export const childrenProcessorMs = (root: number): number =>
  processTree(root)
    .filter(({ pid }) => pid !== root)
    .map(({ pid }) => Number(readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ")[0]) / 1e6)
    .reduce((sum, ms) => sum + ms, 0);

/** Memory of a process and all below it, what they share counted once (Pss), in KiB. Source: proc_pid_smaps(5) */
export const proportionalKib = (root: number): number =>
  processTree(root)
    .map(({ pid }) => {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
      return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
    })
    .reduce((sum, kib) => sum + kib, 0);

/** KiB in megabytes of 10^6 bytes. */
export const toMb = (kib: number): number => (kib * 1024) / 1e6;
