import { type BigIntStats, constants } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Temporary files are hidden, so that the reloader does not take them for configuration. */
const temporaryName = (path: string, pid: number): string => join(dirname(path), `.${basename(path)}.${pid}.tmp`);

/**
 * Writes a file so that a reader sees the old bytes or the new, never a part: temporary file, fsync, rename.
 *
 * @returns what was written, looked at before it got its name: inode, size and mtime stay the same until somebody else
 * writes to it
 * @throws the file system's error (ENOSPC, EACCES, EROFS, ENOENT …); then the old file stands and no temporary is left
 */
export const writeFileAtomic = async (path: string, bytes: string | Uint8Array, mode = 0o644): Promise<BigIntStats> => {
  const temporary = temporaryName(path, process.pid);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const file = await open(temporary, flags, mode);
    let written: BigIntStats;
    try {
      await file.writeFile(bytes);
      await file.sync();
      written = await file.stat({ bigint: true });
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

/** Removes the temporary files that an earlier process, killed in the middle of a write, left beside `path`. */
export const removeStaleTemporaries = async (path: string): Promise<void> => {
  const prefix = `.${basename(path)}.`;
  const names = await readdir(dirname(path));
  const stale = names.filter((name) => name.startsWith(prefix) && /^\d+\.tmp$/.test(name.slice(prefix.length)));
  await Promise.all(stale.map((name) => rm(join(dirname(path), name), { force: true })));
};
