import { mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { type ConfigFile, isConf } from "./revision.ts";
import type { RunPaths } from "./run-paths.ts";

const isRevision = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** The folder of a release. */
export const releaseDir = (paths: RunPaths, revision: string): string => join(paths.releases, revision);

/** The folder of a release's copies of the configuration files. */
export const releaseConfDir = (paths: RunPaths, revision: string): string =>
  join(releaseDir(paths, revision), "conf.d");

/** Makes the folders, and removes what a run that was killed left half made. */
export const prepareReleases = async (paths: RunPaths): Promise<void> => {
  await mkdir(paths.releases, { recursive: true, mode: 0o755 });
  const names = await readdir(paths.releases);
  const unfinished = names.filter((name) => name.startsWith("."));
  await Promise.all(unfinished.map((name) => rm(join(paths.releases, name), { recursive: true, force: true })));
};

/** Only what nginx includes is copied: keys and password files are named by absolute path, and stay where they are. */
const contents = (files: readonly ConfigFile[], mainConf: string): ReadonlyMap<string, Buffer> =>
  new Map([
    ["nginx.conf", Buffer.from(mainConf)],
    ...files.filter(isConf).map((file): [string, Buffer] => [join("conf.d", file.name), file.bytes]),
  ]);

/** Does what needs a free place; only if something is in the way is it removed, and that is rare. */
const orAfterRemoving = async (path: string, act: () => Promise<void>): Promise<void> => {
  try {
    await act();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code !== "EEXIST" && code !== "ENOTEMPTY") throw error;
    await rm(path, { recursive: true, force: true });
    await act();
  }
};

const isIntact = async (directory: string, wanted: ReadonlyMap<string, Buffer>): Promise<boolean> => {
  try {
    for (const [name, bytes] of wanted) if (!bytes.equals(await readFile(join(directory, name)))) return false;
    return (await readdir(join(directory, "conf.d"))).length === wanted.size - 1;
  } catch {
    return false;
  }
};

/**
 * Makes the release of a revision: whole, or not at all.
 *
 * @throws the file system's error (ENOSPC, EACCES …); then nothing of it is left
 */
export const buildRelease = async (
  paths: RunPaths,
  revision: string,
  files: readonly ConfigFile[],
  mainConf: string,
): Promise<void> => {
  const directory = releaseDir(paths, revision);
  const wanted = contents(files, mainConf);
  if (await isIntact(directory, wanted)) return;
  const temporary = join(paths.releases, `.${revision}.tmp`);
  try {
    await mkdir(join(temporary, "conf.d"), { recursive: true, mode: 0o755 });
    await Promise.all([...wanted].map(([name, bytes]) => writeFile(join(temporary, name), bytes, { mode: 0o644 })));
    // A release of that name that is not intact was damaged from outside (a crash of the machine, a hand).
    await orAfterRemoving(directory, () => rename(temporary, directory));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
};

/**
 * Points a link to a release's nginx.conf, by one rename.
 *
 * @throws the file system's error; then the link stands as it was
 */
export const pointLink = async (paths: RunPaths, link: string, revision: string): Promise<void> => {
  const temporary = join(dirname(link), `.${basename(link)}.tmp`);
  const target = join(relative(paths.runDir, releaseDir(paths, revision)), "nginx.conf");
  await orAfterRemoving(temporary, () => symlink(target, temporary));
  await rename(temporary, link);
};

/** The revision that a link points to; null when there is no such link, or its release is gone. */
export const linkedRevision = async (link: string): Promise<string | null> => {
  try {
    const revision = basename(dirname(await readlink(link)));
    return isRevision(revision) && (await stat(link)).isFile() ? revision : null;
  } catch {
    return null;
  }
};

/** Removes all releases but those that are named. */
export const pruneReleases = async (paths: RunPaths, keep: ReadonlySet<string>): Promise<void> => {
  const old = (await readdir(paths.releases)).filter((name) => isRevision(name) && !keep.has(name));
  await Promise.all(old.map((name) => rm(join(paths.releases, name), { recursive: true, force: true })));
};
