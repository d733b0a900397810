import { checkFooter } from "../contract/footer.ts";
import type { ConfigFile } from "./revision.ts";

/** SHA-256 (hex) of files by name, as they were when last acted upon. */
export type FileHashes = ReadonlyMap<string, string>;

export const hashesOf = (files: readonly ConfigFile[]): FileHashes =>
  new Map(files.map((file) => [file.name, file.sha256]));

/** How a directory differs from what was last acted upon. */
export interface Difference {
  /** Files that are new, other or gone, by name. */
  readonly names: readonly string[];
  /** Each of them says by its footer that it is whole; a file that is gone says nothing. */
  readonly isWhole: boolean;
}

/** Compares the directory's files with what was last acted upon. */
export const differenceOf = (before: FileHashes, files: readonly ConfigFile[]): Difference => {
  const changed = files.filter((file) => before.get(file.name) !== file.sha256);
  const kept = new Set(files.map((file) => file.name));
  const gone = [...before.keys()].filter((name) => !kept.has(name));
  return {
    names: [...changed.map((file) => file.name), ...gone],
    isWhole: gone.length === 0 && changed.every((file) => checkFooter(file.bytes) === "whole"),
  };
};
