import { isSameProcess, type NginxChild, nginxChildren } from "./processes.ts";

/** Remembers which workers serve which revision, so that a release is kept while one of them drains. */
export interface Generations {
  /** These workers of a revision were retired by a reload. */
  readonly retire: (revision: string, workers: readonly NginxChild[]) => void;
  /** The revisions of which a worker still drains. */
  readonly draining: (masterPid: number) => Promise<readonly string[]>;
}

export const createGenerations = (): Generations => {
  let retired: readonly { readonly revision: string; readonly workers: readonly NginxChild[] }[] = [];
  return {
    retire: (revision, workers) => {
      retired = [...retired, { revision, workers }];
    },
    draining: async (masterPid) => {
      const alive = await nginxChildren(masterPid);
      retired = retired.filter(({ workers }) =>
        workers.some((worker) => alive.some((child) => isSameProcess(child, worker))),
      );
      return retired.map(({ revision }) => revision);
    },
  };
};
