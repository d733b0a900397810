import type { StreamLine } from "./client.ts";

/** Cuts a stream of bytes into lines; keeps at most one unfinished line. */
export interface LineSplitter {
  /**
   * Takes a chunk and calls back for each line that it finishes; a callback that returns false ends the chunk.
   *
   * @returns false when the unfinished line has grown over the cap: the splitter is then of no more use
   */
  push(chunk: Buffer, nowMs: number, onLine: (line: StreamLine) => boolean): boolean;
  /** Bytes of the unfinished line. */
  readonly pendingBytes: number;
}

const NEWLINE = 0x0a;

/** @param maxLineBytes a line may be so long, its newline not counted */
export const createLineSplitter = (maxLineBytes: number): LineSplitter => {
  // The pieces are joined once, when the line is whole, so that a long line costs no quadratic copying.
  let pieces: Buffer[] = [];
  let pendingBytes = 0;
  let seenAtMs = 0;
  const keep = (piece: Buffer, nowMs: number): void => {
    if (pendingBytes === 0) seenAtMs = nowMs;
    pieces.push(piece);
    pendingBytes += piece.length;
  };
  const take = (): string => {
    const text = Buffer.concat(pieces, pendingBytes).toString("utf8");
    pieces = [];
    pendingBytes = 0;
    return text;
  };
  return {
    push: (chunk, nowMs, onLine) => {
      let start = 0;
      while (start < chunk.length) {
        const newline = chunk.indexOf(NEWLINE, start);
        const end = newline === -1 ? chunk.length : newline;
        if (pendingBytes + end - start > maxLineBytes) return false;
        if (end > start) keep(chunk.subarray(start, end), nowMs);
        if (newline === -1) return true;
        start = newline + 1;
        // The API server separates with single newlines; an empty line carries nothing.
        if (pendingBytes > 0 && !onLine({ text: take(), seenAtMs })) return true;
      }
      return true;
    },
    get pendingBytes() {
      return pendingBytes;
    },
  };
};
