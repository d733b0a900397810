import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { removeStaleTemporaries, writeFileAtomic } from "../files/atomic-write.ts";

/** `default.conf` as the generator last knew it. */
export interface ConfigFile {
  /** SHA-256 (hex) of the whole file; null when there is none. */
  readonly hash: string | null;
  /** Reads what lies there now; true when it is not what was last read or written. */
  refresh(): Promise<boolean>;
  /**
   * Writes the text if it is not what lies there.
   *
   * @returns whether it was written
   * @throws the file system's error; then the old file stands
   */
  write(text: string): Promise<boolean>;
}

const hashOf = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const isAbsent = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const orAbsent = async <T>(reading: Promise<T>): Promise<T | null> => {
  try {
    return await reading;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
};

const signatureOf = (stats: BigIntStats | null): string =>
  stats === null ? "absent" : `${stats.ino} ${stats.size} ${stats.mtimeNs}`;

/**
 * Opens the configuration file that init may have written: its directory is made where it is missing, and what an
 * earlier process left half-written is removed.
 *
 * @throws the file system's error
 */
export const openConfigFile = async (path: string): Promise<ConfigFile> => {
  await mkdir(dirname(path), { recursive: true });
  await removeStaleTemporaries(path);
  let hash: string | null = null;
  let signature = "unread";
  const readSignature = async (): Promise<string> => signatureOf(await orAbsent(stat(path, { bigint: true })));
  const refresh = async (): Promise<boolean> => {
    const found = await readSignature();
    if (found === signature) return false;
    const before = hash;
    hash = null;
    // What cannot be read (a directory in its place) is not what was written: the next write repairs it, or says why not.
    const bytes = await orAbsent(readFile(path)).catch(() => null);
    hash = bytes === null ? null : hashOf(bytes);
    signature = found;
    return hash !== before || hash === null;
  };
  await refresh();
  return {
    get hash() {
      return hash;
    },
    refresh,
    write: async (text) => {
      const wanted = hashOf(text);
      if (wanted === hash) return false;
      await writeFileAtomic(path, text);
      hash = wanted;
      signature = await readSignature();
      return true;
    },
  };
};
