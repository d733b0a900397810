import { once } from "node:events";
import { stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { ProgramError } from "../ops/program.ts";

/** A folder that is this process' alone. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * A name in the abstract socket namespace: the kernel gives it to one process and takes it back when that process ends,
 * however it ends. So there is no stale lock. By the inode: a folder may have several paths. Source: unix(7)
 */
const lockName = async (folder: string): Promise<string> => {
  const { dev, ino } = await stat(folder, { bigint: true });
  return `\0hotroute-demo-${dev}-${ino}`;
};

const tryHold = (name: string): Promise<Server | null> =>
  new Promise((resolve, reject) => {
    const server = createServer((asking) => {
      asking.on("error", () => undefined);
      asking.end(`${process.pid}`);
    });
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(name, () => resolve(server));
  });

/** The holder's pid as it says itself; null when it is gone, "unknown" when it says nothing within a second. */
const askHolder = async (name: string): Promise<string | null> => {
  const socket = connect(name);
  socket.setTimeout(1000, () => socket.destroy(new Error("silent")));
  try {
    await once(socket, "connect");
  } catch {
    return null;
  }
  return (await text(socket).catch(() => "")) || "unknown";
};

/**
 * Takes a folder for this process alone.
 *
 * @throws ProgramError naming the process that has it
 */
export const holdFolder = async (folder: string): Promise<FolderLock> => {
  const name = await lockName(folder);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const server = await tryHold(name);
    if (server !== null) {
      return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    }
    const holder = await askHolder(name);
    if (holder === null) continue;
    throw new ProgramError(
      `process ${holder} runs a demo in ${folder}: stop that one, or set DEMO_DIR to another folder for this one`,
    );
  }
  throw new ProgramError(`${folder} is being taken by others again and again: set DEMO_DIR to another folder`);
};
