import { dirname } from "node:path";
import { watch } from "chokidar";

export interface FileWatch {
  close(): Promise<void>;
}

/** A writer that does not rename may be half-way: what it wrote is read so long after the first sign of it. */
const settleMs = 50;

/**
 * Says when a file may have changed: shortly after each sign of it, and every `compareIntervalMs`, since a watch can go
 * deaf without an error, or a version be read half-written.
 *
 * @param path absolute
 * @param look reads the file and compares it with what is known
 */
export const watchFile = (path: string, compareIntervalMs: number, look: () => void): FileWatch => {
  let settling: NodeJS.Timeout | null = null;
  const onSign = (): void => {
    settling ??= setTimeout(() => {
      settling = null;
      look();
    }, settleMs);
  };
  // The directory, not the file: a new version is renamed into place, or the `..data` link beside it is.
  const directory = dirname(path);
  const watcher = watch(directory, {
    ignoreInitial: true,
    depth: 0,
    ignored: (candidate) => candidate !== directory && candidate !== path,
  });
  watcher.on("raw", onSign);
  watcher.on("all", onSign);
  // The comparison carries on where the watch fails.
  watcher.on("error", () => undefined);
  const timer = setInterval(onSign, compareIntervalMs);
  return {
    close: async () => {
      clearInterval(timer);
      if (settling !== null) clearTimeout(settling);
      await watcher.close();
    },
  };
};
