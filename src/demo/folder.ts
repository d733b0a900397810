import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProgramError } from "../ops/program.ts";
import type { Cleanup } from "./cleanup.ts";
import { holdFolder } from "./folder-lock.ts";

/** Where the demo keeps its files. */
export interface DemoFolder {
  readonly path: string;
  /** The folder of an unattended run stays, for whoever looks into its failure. */
  keep(): void;
}

/** What each run makes anew. The Services file is not among it: an edited one stays. */
const madeAnew = ["conf.d", "run", "log", "tmp", "kubeconfig"];

const makeTemporary = async (cleanup: Cleanup): Promise<DemoFolder> => {
  const path = await mkdtemp(join(tmpdir(), "hotroute-smoke-"));
  let isKept = false;
  cleanup.add(async () => {
    if (!isKept) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    path,
    keep: () => {
      isKept = true;
    },
  };
};

const prepareLasting = async (path: string, cleanup: Cleanup): Promise<DemoFolder> => {
  const cannot = (cause: unknown): ProgramError =>
    new ProgramError(`cannot use ${path}: set DEMO_DIR to a folder you may write to`, { cause });
  await mkdir(path, { recursive: true }).catch((cause) => Promise.reject(cannot(cause)));
  const lock = await holdFolder(path);
  cleanup.add(lock.release);
  try {
    for (const part of madeAnew) await rm(join(path, part), { recursive: true, force: true, maxRetries: 5 });
    for (const part of ["conf.d", "run", "log", "tmp"]) await mkdir(join(path, part));
  } catch (cause) {
    throw cannot(cause);
  }
  return { path, keep: () => undefined };
};

/**
 * Prepares the folder: one that stays between runs and is this demo's alone, or a temporary one.
 *
 * @param path null: a temporary one
 * @throws ProgramError when another demo uses it, or it cannot be written
 */
export const prepareFolder = async (path: string | null, cleanup: Cleanup): Promise<DemoFolder> => {
  if (path !== null) return prepareLasting(path, cleanup);
  const folder = await makeTemporary(cleanup);
  for (const part of ["conf.d", "run", "log", "tmp"]) await mkdir(join(folder.path, part));
  return folder;
};
