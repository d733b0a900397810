import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** One file of the configuration directory as it was when read. */
export interface ConfigFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** SHA-256 (hex) of the bytes. */
  readonly sha256: string;
}

/**
 * What the configuration directory holds.
 * - `files`: its files, by name in byte order
 * - `unusable`: it cannot be read, or is beyond a cap; `reason` says what and what to do
 */
export type ConfigDirectory =
  | { readonly kind: "files"; readonly files: readonly ConfigFile[] }
  | { readonly kind: "unusable"; readonly reason: string };

/** 64 MiB is some 200,000 hosts; more is a mistake (a log or an archive put there), and would not fit the run volume. */
const maxTotalBytes = 64 * 1024 * 1024;
/** The contract's status.json has room for a thousand names. */
const maxFiles = 1000;

export const sha256Hex = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";

/** A directory's own trouble, in words that say what to do. */
const unusable = (directory: string, error: unknown): ConfigDirectory => {
  const code = codeOf(error);
  switch (code) {
    case "ENOENT":
      return { kind: "unusable", reason: `there is no ${directory}: make it, or set CONFIG_DIR` };
    case "ENOTDIR":
      return { kind: "unusable", reason: `${directory} is not a directory: set CONFIG_DIR` };
    case "EACCES":
      return { kind: "unusable", reason: `${directory} cannot be read (EACCES): give this user the right to read it` };
    default:
      return { kind: "unusable", reason: `${directory} cannot be read (${code})` };
  }
};

const readWhole = async (handle: FileHandle, maxBytes: number): Promise<Buffer | "too large"> => {
  const { size } = await handle.stat();
  if (size > maxBytes) return "too large";
  const bytes = await handle.readFile();
  return bytes.length > maxBytes ? "too large" : bytes;
};

/** A regular file's bytes; null for what is none (directory, FIFO, device, dangling link, gone meanwhile). */
const readRegularFile = async (path: string, maxBytes: number): Promise<Buffer | null | "too large"> => {
  try {
    if (!(await stat(path)).isFile()) return null;
    // Non-blocking: were the name a FIFO by now, the open would wait for its writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return (await handle.stat()).isFile() ? await readWhole(handle, maxBytes) : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ELOOP" || code === "ENOTDIR" || code === "ENXIO") return null;
    throw error;
  }
};

const byName = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

/**
 * Reads the configuration directory: its regular files that are not hidden, links followed.
 * A file that changes meanwhile may be read half: its change is an event of its own, or found by the comparison.
 */
export const readConfigDirectory = async (directory: string): Promise<ConfigDirectory> => {
  let path = directory;
  try {
    const names = (await readdir(directory)).filter((name) => !name.startsWith(".")).sort(byName);
    const files: ConfigFile[] = [];
    let totalBytes = 0;
    for (const name of names) {
      path = join(directory, name);
      const bytes = await readRegularFile(path, maxTotalBytes - totalBytes);
      if (bytes === null) continue;
      if (bytes === "too large" || files.length === maxFiles) {
        const cap = `${maxFiles} files and ${maxTotalBytes / 1024 / 1024} MiB`;
        return {
          kind: "unusable",
          reason: `${directory} holds more than ${cap} (at ${name}): remove what is not nginx's`,
        };
      }
      totalBytes += bytes.length;
      files.push({ name, bytes, sha256: sha256Hex(bytes) });
    }
    return { kind: "files", files };
  } catch (error) {
    return unusable(path, error);
  }
};

/** Whether nginx reads the file: `include …/*.conf`. */
export const isConf = (file: { readonly name: string }): boolean => file.name.endsWith(".conf");

/**
 * The revision: SHA-256 (hex) over the files' names and bytes and over nginx.conf.
 *
 * @param mainConf nginx.conf with its own revision and release folder left blank
 */
export const revisionOf = (files: readonly ConfigFile[], mainConf: string): string => {
  const hash = createHash("sha256").update(sha256Hex(mainConf));
  // Each part has a length that is known or an end that no name holds: no two sets of files give the same input.
  for (const { name, sha256 } of files) hash.update(`/${name}\0${sha256}`);
  return hash.digest("hex");
};
