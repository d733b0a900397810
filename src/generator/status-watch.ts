import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { parseStatus, type ReloaderStatus, statusMaxBytes } from "../contract/status.ts";

export interface StatusWatch {
  close(): Promise<void>;
}

/** What the watch tells. */
export interface StatusWatchEvents {
  /** Each status that differs from the one before and is well-formed. */
  readonly onStatus: (status: ReloaderStatus) => void;
  /** Once, when there was no `status.json` for some comparisons from the start on: a volume that is not shared. */
  readonly onMissing: (path: string) => void;
}

/** The reloader writes one as soon as it starts; its container may be started a little later. */
const missingComparisons = 6;

// What the container that faces the internet wrote may be a pipe that nobody feeds, or a link to something else.
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Reads a regular file of the size that a status may have; null where there is none. */
const readCapped = async (path: string): Promise<string | null> => {
  try {
    const file = await open(path, readFlags);
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > statusMaxBytes) return null;
      const buffer = Buffer.alloc(stats.size);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    // Not there yet, or the reloader is away: the next look will tell.
    return null;
  }
};

/** Calls `onEvent` for whatever happens in the directory, as long as it is the directory that was opened. */
const openWatch = (runDir: string, path: string, onEvent: () => void): FSWatcher => {
  // The directory, not the file: each status is a new file renamed into place. `raw` is the kernel's event as it comes;
  // the events that chokidar makes of it wait for a stat of their own.
  const watcher = watch(runDir, {
    ignoreInitial: true,
    depth: 0,
    ignored: (candidate) => candidate !== runDir && candidate !== path,
  });
  watcher.on("raw", onEvent);
  watcher.on("all", onEvent);
  // The comparison carries on where the watch fails.
  watcher.on("error", () => undefined);
  return watcher;
};

const inodeOf = async (path: string): Promise<bigint | null> => {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch {
    return null;
  }
};

/**
 * Watches the reloader's `status.json`, and compares it now and then, since a watch can go deaf without an error.
 * A run directory that comes late, or is made anew, is watched from the next comparison on.
 */
export const watchStatus = (runDir: string, compareIntervalMs: number, events: StatusWatchEvents): StatusWatch => {
  const path = join(runDir, "status.json");
  let lastText: string | null = null;
  let watched: { readonly inode: bigint; readonly watcher: FSWatcher } | null = null;
  let isClosed = false;
  let isLooking = false;
  let isAgain = false;

  const lookNow = async (): Promise<void> => {
    const text = await readCapped(path);
    if (text === null || text === lastText) return;
    lastText = text;
    const status = parseStatus(text);
    if (status !== null) events.onStatus(status);
  };
  const look = (): void => {
    isAgain = true;
    if (isLooking) return;
    isLooking = true;
    const lookOn = async (): Promise<void> => {
      while (isAgain) {
        isAgain = false;
        await lookNow();
      }
      isLooking = false;
    };
    void lookOn();
  };
  const rewatch = async (): Promise<void> => {
    const inode = await inodeOf(runDir);
    if (isClosed || inode === null || inode === watched?.inode) return;
    await watched?.watcher.close();
    watched = { inode, watcher: openWatch(runDir, path, look) };
  };
  const compare = (): void => {
    void rewatch().then(look);
  };
  compare();
  let comparisons = 0;
  const timer = setInterval(() => {
    compare();
    comparisons += 1;
    if (comparisons === missingComparisons && lastText === null) events.onMissing(path);
  }, compareIntervalMs);
  return {
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      await watched?.watcher.close();
    },
  };
};
