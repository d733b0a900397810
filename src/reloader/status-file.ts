import type { ReloaderStatus } from "../contract/status.ts";
import { writeFileAtomic } from "../files/atomic-write.ts";

/** Writes status.json in the background: the newest status wins, and a slow volume holds no reload up. */
export interface StatusFile {
  readonly publish: (status: ReloaderStatus) => void;
  /** Resolves when the last published status is written. */
  readonly flush: () => Promise<void>;
}

/** @param onError what the file system said when a status could not be written; the next one is tried again */
export const createStatusFile = (path: string, onError: (error: unknown) => void): StatusFile => {
  let next: ReloaderStatus | null = null;
  let writing: Promise<void> | null = null;
  const drain = async (): Promise<void> => {
    while (next !== null) {
      const status = next;
      next = null;
      try {
        await writeFileAtomic(path, `${JSON.stringify(status)}\n`);
      } catch (error) {
        onError(error);
      }
    }
    writing = null;
  };
  return {
    publish: (status) => {
      next = status;
      writing ??= drain();
    },
    flush: async () => {
      await writing;
    },
  };
};
