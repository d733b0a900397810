import { open } from "node:fs/promises";
import { join } from "node:path";
import { watch } from "chokidar";
import { parseStatus, type ReloaderStatus, statusMaxBytes } from "../contract/status.ts";

export interface StatusWatch {
  close(): Promise<void>;
}

/** Reads at most the largest status there may be: the file is written by the container that faces the internet. */
const readCapped = async (path: string): Promise<string | null> => {
  try {
    const file = await open(path, "r");
    try {
      const buffer = Buffer.alloc(statusMaxBytes + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return bytesRead > statusMaxBytes ? null : buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    // Not there yet, or the reloader is away: the next look will tell.
    return null;
  }
};

/**
 * Watches the reloader's `status.json`, and compares it now and then, since a watch can go deaf without an error.
 *
 * @param onStatus called with each status that differs from the one before and is well-formed
 */
export const watchStatus = (
  runDir: string,
  compareIntervalMs: number,
  onStatus: (status: ReloaderStatus) => void,
): StatusWatch => {
  const path = join(runDir, "status.json");
  let lastText: string | null = null;
  let isReading = false;
  let isAgain = false;
  const look = async (): Promise<void> => {
    if (isReading) {
      isAgain = true;
      return;
    }
    isReading = true;
    do {
      isAgain = false;
      const text = await readCapped(path);
      if (text === null || text === lastText) continue;
      lastText = text;
      const status = parseStatus(text);
      if (status !== null) onStatus(status);
    } while (isAgain);
    isReading = false;
  };
  // The directory, not the file: each status is a new file renamed into place. `raw` is the kernel's event as it comes;
  // the events that chokidar makes of it wait for a stat of their own.
  const watcher = watch(runDir, {
    ignoreInitial: true,
    depth: 0,
    ignored: (candidate) => candidate !== runDir && candidate !== path,
  });
  watcher.on("raw", () => void look());
  watcher.on("all", () => void look());
  // The comparison carries on where the watch fails.
  watcher.on("error", () => undefined);
  const timer = setInterval(() => void look(), compareIntervalMs);
  void look();
  return {
    close: async () => {
      clearInterval(timer);
      await watcher.close();
    },
  };
};
