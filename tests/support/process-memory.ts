import { nginxChildren, ownMemoryBytes } from "../../src/reloader/processes.ts";

/** What a reloader and its nginx take: memory that is the processes' own (RssAnon), in bytes. */
export interface MemoryUse {
  readonly reloaderBytes: number;
  /** Master and workers of all generations. */
  readonly nginxBytes: number;
  /** Workers that accept connections now. */
  readonly activeBytes: number;
  readonly workers: number;
  readonly drainingWorkers: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Looks once. */
export const readMemoryUse = async (reloaderPid: number, masterPid: number): Promise<MemoryUse> => {
  const children = await nginxChildren(masterPid);
  const [reloaderBytes, masterBytes, ...sizes] = await Promise.all([
    ownMemoryBytes(reloaderPid),
    ownMemoryBytes(masterPid),
    ...children.map((child) => ownMemoryBytes(child.pid)),
  ]);
  return {
    reloaderBytes: reloaderBytes ?? 0,
    nginxBytes: (masterBytes ?? 0) + sum(sizes),
    activeBytes: sum(sizes.filter((_, index) => children[index]?.role === "active")),
    workers: children.length,
    drainingWorkers: children.filter(({ role }) => role === "draining").length,
  };
};

export const toMiB = (bytes: number): number => Math.round((bytes / 1024 / 1024) * 10) / 10;
