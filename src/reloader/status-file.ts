import type { ReloaderStatus } from "../contract/status.ts";
import { createBackgroundWriter } from "../files/background-writer.ts";

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
  let newest: ReloaderStatus | null = null;
  let isUnwritten = false;
  const writer = createBackgroundWriter(path, (error) => {
    if (error !== null && !isUnwritten) onError(error);
    isUnwritten = error !== null;
  });
  const publish = (status: ReloaderStatus): void => {
    newest = status;
    writer.write(() => `${JSON.stringify(status)}\n`);
  };
  return {
    publish,
    retry: () => {
      if (isUnwritten && newest !== null) publish(newest);
    },
    flush: writer.flush,
  };
};
