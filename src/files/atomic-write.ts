import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Temporary files are hidden, so that the reloader does not take them for configuration. */
const temporaryName = (path: string, pid: number): string => join(dirname(path), `.${basename(path)}.${pid}.tmp`);

/** One call writes them all, but where the disk is full. */
const writePieces = async (file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> => {
  let left = [...pieces];
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left);
    const next = left.findIndex((piece) => {
      if (piece.length > bytesWritten) return true;
      bytesWritten -= piece.length;
      return false;
    });
    left = next === -1 ? [] : left.slice(next);
    const [first] = left;
    if (first !== undefined) left[0] = first.subarray(bytesWritten);
  }
};

/**
 * Writes a file so that a reader sees the old bytes or the new, never a part: temporary file, fsync, rename.
 *
 * @param content all of it, or its bytes in pieces
 * @returns what was written, looked at before it got its name: inode, size and mtime stay the same until somebody else
 * writes to it
 * @throws the file system's error (ENOSPC, EACCES, EROFS, ENOENT …); then the old file stands and no temporary is left
 */
export const writeFileAtomic = async (
  path: string,
  content: string | readonly Uint8Array[],
  mode = 0o644,
): Promise<BigIntStats> => {
  const temporary = temporaryName(path, process.pid);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const file = await open(temporary, flags, mode);
    let written: BigIntStats;
    try {
      await (typeof content === "string" ? file.writeFile(content) : writePieces(file, content));
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
