import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** As large as a ConfigMap may be, in bytes. */
export const maxTextBytes = 1024 * 1024;

/** A file's text, or why there is none, on one line. */
export type TextReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

const read = (path: string): string => {
  // Without O_NONBLOCK a pipe that nobody feeds would hold the program for good.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error("it is not a regular file");
    if (stats.size > maxTextBytes) throw new Error(`it is larger than ${maxTextBytes} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
};

/** Reads a file of settings: a regular one, in UTF-8, of `maxTextBytes` at most. Whatever is there, the answer is a value. */
export const readTextFile = (path: string): TextReading => {
  try {
    return { ok: true, text: read(path) };
  } catch (error) {
    return { ok: false, reason: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
};
