import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { checkFooter, type SealedFile } from "../contract/footer.ts";
import { removeStaleTemporaries, writeFileAtomic } from "../files/atomic-write.ts";

/** `default.conf` as the generator last knew it. */
export interface ConfigFile {
  /** SHA-256 (hex) of the whole file; null when there is none. */
  readonly hash: string | null;
  /** Reads what lies there now; true when it is not what was last read or written. */
  refresh(): Promise<boolean>;
  /**
   * Writes the file if it is not what lies there.
   *
   * @returns whether it was written
   * @throws the file system's error; then the old file stands
   */
  write(file: SealedFile): Promise<boolean>;
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const isAbsent = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const orAbsent = async <T>(reading: Promise<T>): Promise<T | null> => {
  try {
    return await reading;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
};

/**
 * Reads the text that an earlier process of hotroute left; null when there is no file, or one without a right footer.
 */
export const readOwnText = async (path: string): Promise<string | null> => {
  const bytes = await orAbsent(readFile(path)).catch(() => null);
  return bytes !== null && checkFooter(bytes) === "whole" ? bytes.toString("utf8") : null;
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
  let last: Promise<unknown> = Promise.resolve();
  // A look that waits for the disk while something is written would remember what was there before.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn;
    return turn;
  };
  const readSignature = async (): Promise<string> => signatureOf(await orAbsent(stat(path, { bigint: true })));
  const look = async (): Promise<boolean> => {
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
  const put = async ({ pieces, sha256 }: SealedFile): Promise<boolean> => {
    if (sha256 === hash) return false;
    // Not looked at by its name afterwards: what a stranger wrote there meanwhile must be seen at the next look.
    signature = signatureOf(await writeFileAtomic(path, pieces));
    hash = sha256;
    return true;
  };
  await look();
  return {
    get hash() {
      return hash;
    },
    refresh: () => inTurn(look),
    write: (next) => inTurn(() => put(next)),
  };
};
