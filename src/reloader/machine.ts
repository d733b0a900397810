import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** What the cgroup lets this container use; null means that there is no limit. */
export interface MachineLimits {
  /** CPUs, fractions included. */
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

const readNumber = async (path: string): Promise<number | null> => {
  try {
    const text = (await readFile(path, "latin1")).trim();
    return /^-?\d+$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
};

/** cgroup v1 says "no limit" as a number near 2^63. */
const limitOf = (bytes: number | null): number | null =>
  bytes === null || bytes <= 0 || bytes > 2 ** 60 ? null : bytes;

const cpuLimitV2 = async (root: string): Promise<number | null> => {
  try {
    const [quota, period] = (await readFile(join(root, "cpu.max"), "latin1")).trim().split(" ").map(Number);
    return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
  } catch {
    return null;
  }
};

const cpuLimitV1 = async (root: string): Promise<number | null> => {
  const quota = await readNumber(join(root, "cpu/cpu.cfs_quota_us"));
  const period = await readNumber(join(root, "cpu/cpu.cfs_period_us"));
  return quota !== null && period !== null && quota > 0 && period > 0 ? quota / period : null;
};

/**
 * Reads the limits of the container's cgroup, version 2 or 1; inside a container its own is at the root.
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html
 */
export const readLimits = async (root = "/sys/fs/cgroup"): Promise<MachineLimits> => ({
  cpus: (await cpuLimitV2(root)) ?? (await cpuLimitV1(root)),
  memoryBytes:
    limitOf(await readNumber(join(root, "memory.max"))) ??
    limitOf(await readNumber(join(root, "memory/memory.limit_in_bytes"))),
});

/** Workers for that many CPUs: one for each, and without a limit one for each core, at most 4. */
export const workersFor = (limits: MachineLimits): number =>
  limits.cpus === null ? Math.min(4, availableParallelism()) : Math.max(1, Math.ceil(limits.cpus));

/** What the cgroup uses, without the page cache that can be dropped; null where it cannot be read. Bytes. */
export const readMemoryUse = async (root = "/sys/fs/cgroup"): Promise<number | null> => {
  const use =
    (await readNumber(join(root, "memory.current"))) ?? (await readNumber(join(root, "memory/memory.usage_in_bytes")));
  if (use === null) return null;
  for (const path of ["memory.stat", "memory/memory.stat"]) {
    try {
      const text = await readFile(join(root, path), "latin1");
      const inactive = /^(?:total_)?inactive_file (\d+)$/m.exec(text)?.[1];
      if (inactive !== undefined) return Math.max(0, use - Number(inactive));
    } catch {
      // The other version's name.
    }
  }
  return use;
};

/** How many descriptors a process here may have open (hard limit). */
export const readDescriptorLimit = async (): Promise<number> => {
  try {
    const text = await readFile("/proc/self/limits", "latin1");
    const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(text)?.[1];
    return hard === undefined ? 1024 : Number(hard);
  } catch {
    return 1024;
  }
};
