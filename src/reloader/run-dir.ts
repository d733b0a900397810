import { createHash } from "node:crypto";
import { access, constants, lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeStaleTemporaries } from "../files/atomic-write.ts";
import { ProgramError } from "../ops/program.ts";
import { type RunPaths, runPaths } from "./run-paths.ts";

/**
 * Makes RUN_DIR if it is missing.
 *
 * @throws ProgramError when it cannot be made or written
 */
export const prepareRunDir = async (runDir: string): Promise<RunPaths> => {
  try {
    await mkdir(runDir, { recursive: true, mode: 0o755 });
    await access(runDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ProgramError(`cannot write in ${runDir}: give this user the right to, or set RUN_DIR`, { cause });
  }
  const paths = runPaths(runDir);
  for (const path of [paths.status, paths.signal, paths.pid]) await removeStaleTemporaries(path);
  return paths;
};

/** The folder of nginx's temporary files. */
export interface TempDir {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/**
 * Makes the folder for nginx's temporary files, one for each run folder, so that programs of two users or of two run
 * folders do not meet in it.
 *
 * @throws ProgramError when it cannot be made, or is not this user's own
 */
export const prepareTempDir = async (root: string, runDir: string): Promise<TempDir> => {
  const uid = process.getuid?.() ?? 0;
  const name = createHash("sha256").update(`${uid}:${runDir}`).digest("hex").slice(0, 12);
  const path = join(root, `hotroute-nginx-${name}`);
  try {
    // Workers of a root's nginx are another user: they pass through, and each folder in it is made theirs by nginx.
    await mkdir(path, { recursive: true, mode: 0o711 });
    const info = await lstat(path);
    if (!info.isDirectory() || info.uid !== uid) throw new Error(`${path} is not a folder of this user`);
  } catch (cause) {
    throw new ProgramError(`cannot use ${path} for nginx's temporary files: free it, or set TMPDIR`, { cause });
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
};
