import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { compareText } from "../routes/service.ts";
import { readStandardInput } from "./streams.ts";

/** A text to read Services from. */
export interface SourceText {
  /** As the user named it, or as it was found below what they named; null: standard input. */
  readonly file: string | null;
  readonly text: string;
}

/** A file that could not be read, and why. */
export interface Failure {
  readonly file: string | null;
  readonly message: string;
}

/** What could be read, and what could not. */
export interface Inputs {
  readonly sources: readonly SourceText[];
  readonly failures: readonly Failure[];
}

const manifestName = /\.(?:ya?ml|json)$/i;
/** Other people's files. */
const skippedFolders: ReadonlySet<string> = new Set(["node_modules"]);

/** The files of a folder and of those in it, in order of path; links to folders are not followed, hidden names not read. */
const findManifests = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap((entry) => {
      if (entry.name.startsWith(".")) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : findManifests(path);
      if (!manifestName.test(entry.name)) return [];
      return entry.isFile() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile())
        ? [path]
        : [];
    });

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file or folder"],
  ["EACCES", "may not be read"],
]);

/** What went wrong, and with which file: it may lie below the one that was named. */
const failureOf = (error: unknown, file: string | null): Failure => {
  if (!(error instanceof Error)) return { file, message: String(error) };
  const { code, path } = error as NodeJS.ErrnoException; // what node:fs throws; of other errors both are absent
  return { file: path ?? file, message: reasons.get(code ?? "") ?? error.message };
};

// Kubernetes takes UTF-8 alone; other bytes would be read as something that nobody wrote.
const decode = (bytes: Buffer): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

const readSource = (file: string | null): SourceText => ({
  file,
  text: decode(file === null ? readStandardInput() : readFileSync(file)),
});

/**
 * Reads files, folders (`*.yaml`, `*.yml`, `*.json` in them, at any depth) and standard input (`-`, or nothing named).
 * What is named twice is read once. What cannot be read is told, never thrown.
 */
export const readInputs = (names: readonly string[]): Inputs => {
  const sources = new Map<string, SourceText>();
  const failures: Failure[] = [];
  const attempt = (file: string | null, read: () => void): void => {
    try {
      read();
    } catch (error) {
      failures.push(failureOf(error, file));
    }
  };
  const take = (file: string | null): void => {
    const key = file === null ? "-" : resolve(file);
    if (!sources.has(key)) attempt(file, () => void sources.set(key, readSource(file)));
  };
  for (const name of names.length === 0 ? ["-"] : names) {
    if (name === "-") take(null);
    else
      attempt(name, () => {
        if (statSync(name).isDirectory()) findManifests(name).forEach(take);
        else take(name);
      });
  }
  return { sources: [...sources.values()], failures };
};
