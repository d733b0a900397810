import { read } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { promisify } from "node:util";
import { watch } from "chokidar";

const readAt = promisify(read);
const chunkBytes = 64 * 1024;
const maxLineCharacters = 64 * 1024;
/** How often the file is also looked at without being told: a watch may miss a write, or fail. */
const compareIntervalMs = 500;

/** A file that is read while it grows. */
export interface LineFollower {
  /** Reads what is there to its end, and stops. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Reads a growing file line by line, from its start; an unfinished last line is given when it stops. nginx opens
 * `/dev/stdout`, which works on a file and not on a socket pair: so programs log to files. A line of more than 65,536
 * characters comes in parts.
 *
 * @param fd open for reading as long as this runs: what happens to the file's name does not matter then
 * @param path for the watch
 */
export const followLines = (fd: number, path: string, onLine: (line: string) => void): LineFollower => {
  const decoder = new StringDecoder("utf8");
  const buffer = Buffer.alloc(chunkBytes);
  let offset = 0;
  let rest = "";
  let reading: Promise<void> = Promise.resolve();
  const readOn = async (): Promise<void> => {
    for (;;) {
      const { bytesRead } = await readAt(fd, buffer, 0, chunkBytes, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
      if (rest.length < maxLineCharacters) continue;
      onLine(rest);
      rest = "";
    }
  };
  const look = (): Promise<void> => {
    // What cannot be read now may be at the next look; the program itself is not touched by it.
    reading = reading.then(readOn).catch(() => undefined);
    return reading;
  };
  const comparing = setInterval(() => void look(), compareIntervalMs);
  const watcher = watch(path);
  watcher.on("raw", () => void look());
  watcher.on("all", () => void look());
  watcher.on("error", () => undefined);
  return {
    stop: async () => {
      clearInterval(comparing);
      await watcher.close().catch(() => undefined);
      await look();
      const last = rest + decoder.end();
      if (last !== "") onLine(last);
    },
  };
};
