import { isSameProcess, type NginxChild } from "./processes.ts";

/** Notices workers that ended without a reload: nginx replaces them, and nobody is told otherwise. */
export interface WorkerWatch {
  /**
   * Compares with the workers of the last time.
   *
   * @returns how many of them are gone; 0 the first time, and with another master
   */
  readonly compare: (masterPid: number, active: readonly NginxChild[]) => number;
  /** A reload replaces all workers: what was noted does not hold any more. */
  readonly forget: () => void;
}

export const createWorkerWatch = (): WorkerWatch => {
  let noted: { readonly masterPid: number; readonly active: readonly NginxChild[] } | null = null;
  return {
    compare: (masterPid, active) => {
      const before = noted?.masterPid === masterPid ? noted.active : [];
      noted = { masterPid, active };
      return before.filter((then) => !active.some((now) => isSameProcess(now, then))).length;
    },
    forget: () => {
      noted = null;
    },
  };
};
