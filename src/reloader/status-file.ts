import type { ReloaderStatus } from "../contract/status.ts";
import { writeFileAtomic } from "../files/atomic-write.ts";

/** Writes status.json in the background: the newest status wins, and a slow volume holds no reload up. */
export interface StatusFile {
  readonly publish: (status: ReloaderStatus) => void;
  /** Tries the last status again if it could not be written. */
  readonly retry: () => void;
  /** Resolves when the last published status is written, or could not be. */
  readonly flush: () => Promise<void>;
}

/** @param onError what the file system said when a status could not be written; once until one can be again */
export const createStatusFile = (path: string, onError: (error: unknown) => void): StatusFile => {
  let next: ReloaderStatus | null = null;
  let unwritten: ReloaderStatus | null = null;
  let writing: Promise<void> | null = null;
  const drain = async (): Promise<void> => {
    while (next !== null) {
      const status = next;
      next = null;
      try {
        await writeFileAtomic(path, `${JSON.stringify(status)}\n`);
        unwritten = null;
      } catch (error) {
        if (unwritten === null) onError(error);
        unwritten = status;
      }
    }
    writing = null;
  };
  const publish = (status: ReloaderStatus): void => {
    next = status;
    writing ??= drain();
  };
  return {
    publish,
    retry: () => {
      if (unwritten !== null && writing === null) publish(unwritten);
    },
    flush: async () => {
      await writing;
    },
  };
};
