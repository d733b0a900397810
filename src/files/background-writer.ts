import { writeFileAtomic } from "./atomic-write.ts";

/** Writes the newest of what it is given to one file, one write at a time; what has been overtaken is not written. */
export interface BackgroundWriter {
  /** @param text made when it is its turn */
  readonly write: (text: () => string) => void;
  /** Resolves when the newest is written, or could not be. */
  readonly flush: () => Promise<void>;
}

/** @param onEnd told after each write: what the file system said, or null when it is written */
export const createBackgroundWriter = (path: string, onEnd: (error: unknown) => void): BackgroundWriter => {
  let next: (() => string) | null = null;
  let writing: Promise<void> | null = null;
  const drain = async (): Promise<void> => {
    while (next !== null) {
      const text = next();
      next = null;
      try {
        await writeFileAtomic(path, text);
        onEnd(null);
      } catch (error) {
        onEnd(error);
      }
    }
    writing = null;
  };
  return {
    write: (text) => {
      next = text;
      writing ??= drain();
    },
    flush: async () => {
      await writing;
    },
  };
};
