import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { type FSWatcher, watch } from "chokidar";

/** Tells of changes in the configuration directory. */
export interface ConfigWatch {
  /** Watches anew if the directory is another one by now (deleted and made anew), or if the watch failed. */
  readonly refresh: () => Promise<void>;
  /** The watch did not tell of a change: the next `refresh` watches anew. */
  readonly renew: () => void;
  readonly close: () => Promise<void>;
}

const identityOf = async (directory: string): Promise<string | null> => {
  try {
    const { dev, ino, birthtimeMs } = await stat(directory);
    return `${dev}:${ino}:${birthtimeMs}`;
  } catch {
    return null;
  }
};

/**
 * Whether an event may be of a file that is served. A writer's temporary file is hidden until it is renamed, and that is
 * an event of its own: to read the directory for each of its events would hold the reading that counts up. `..data` is
 * how a ConfigMap changes.
 *
 * @param path null where the kernel does not say
 */
export const isTelling = (path: string | null): boolean => {
  const name = path === null ? "" : basename(path);
  return !name.startsWith(".") || name.startsWith("..");
};

/** Chokidar tells of a change some milliseconds after the kernel, when it has looked at the file. */
const echoMs = 1000;
/** More names than a directory has files with changes under way; beyond them echoes are listened to. */
const maxNames = 1000;

/** Which of the watch's events are reasons to read the directory. */
export interface Listener {
  /** An event of the kernel's. */
  readonly raw: (path: string | null, nowMs: number) => boolean;
  /** Chokidar's own event: an echo of the kernel's, or what it found when it read a directory again. */
  readonly all: (path: string, nowMs: number) => boolean;
}

/**
 * An echo comes while the directory is being read because of the kernel's event: taken for a change, it would have it read
 * a second time before anything is tested. A change that follows has an event of the kernel's of its own.
 */
export const createListener = (): Listener => {
  const toldMs = new Map<string, number>();
  return {
    raw: (path, nowMs) => {
      if (!isTelling(path)) return false;
      if (toldMs.size >= maxNames) toldMs.clear();
      if (path !== null) toldMs.set(basename(path), nowMs);
      return true;
    },
    all: (path, nowMs) => {
      const name = basename(path);
      const told = toldMs.get(name);
      toldMs.delete(name);
      return isTelling(path) && (told === undefined || nowMs - told > echoMs);
    },
  };
};

/**
 * Watches a directory and the targets of links in it, and a file if one is given.
 *
 * @param onChange a change was seen, which one does not matter: the whole directory is read anew
 * @param onError the watch may be deaf from now on; nothing is thrown, the periodic comparison goes on
 */
export const watchConfig = (
  directory: string,
  file: string | null,
  onChange: () => void,
  onError: (error: unknown) => void,
): ConfigWatch => {
  let isDeaf = false;
  const open = (): FSWatcher => {
    isDeaf = false;
    const watcher = watch(file === null ? [directory] : [directory, file], {
      depth: 1,
      ignoreInitial: true,
      // Each of these would hold an event back.
      atomic: false,
      awaitWriteFinish: false,
    });
    const listener = createListener();
    // The kernel's own events come before chokidar has looked at the files, and tell of `..data` too.
    watcher.on("raw", (_event, path: string | null) => {
      if (listener.raw(path, performance.now())) onChange();
    });
    watcher.on("all", (_event, path) => {
      if (listener.all(path, performance.now())) onChange();
    });
    watcher.on("error", (error) => {
      isDeaf = true;
      onError(error);
    });
    return watcher;
  };
  let watcher = open();
  let identity: string | null | undefined;
  return {
    refresh: async () => {
      const now = await identityOf(directory);
      const isAnother = identity !== undefined && now !== null && now !== identity;
      identity = now ?? identity;
      if (!isAnother && !isDeaf) return;
      await watcher.close();
      watcher = open();
    },
    renew: () => {
      isDeaf = true;
    },
    close: () => watcher.close(),
  };
};
