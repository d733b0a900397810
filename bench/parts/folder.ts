import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives work a folder of its own, and takes it away afterwards. nginx's workers, who may be nobody, can reach it. */
export const inFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-bench-"));
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  try {
    await chmod(folder, 0o755);
    return await work(folder);
  } finally {
    process.off("exit", removeAtExit);
    await rm(folder, { recursive: true, force: true });
  }
};

/** What has to be stopped, in the order of its starts; stopped the other way round, whatever happens. */
export interface Stack {
  add<T extends { stop(): Promise<void> }>(part: T): T;
}

/** Runs work, then stops what it added. */
export const withStack = async <T>(work: (stack: Stack) => Promise<T>): Promise<T> => {
  const parts: { stop(): Promise<void> }[] = [];
  try {
    return await work({
      add: (part) => {
        parts.push(part);
        return part;
      },
    });
  } finally {
    for (const part of parts.reverse()) await part.stop().catch((error: unknown) => console.error(error));
  }
};
