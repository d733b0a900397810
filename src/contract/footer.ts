import { createHash } from "node:crypto";

const prefix = "# sha256:";
/** Length of the footer line in bytes, newline included. */
export const footerLength = prefix.length + 64 + 1;

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A file with its footer. */
export interface SealedFile {
  /** Its bytes, in order. */
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** SHA-256 (hex) of the whole file, footer included. */
  readonly sha256: string;
}

/**
 * Appends the footer that lets a reader know that a file is whole: `# sha256:<hex of all bytes above>`. The file is in
 * pieces, which are read once and not put together.
 *
 * @param pieces the configuration in UTF-8; it must end with a newline
 */
export const sealFile = (pieces: readonly Uint8Array[]): SealedFile => {
  const hash = createHash("sha256");
  let sizeBytes = footerLength;
  for (const piece of pieces) {
    hash.update(piece);
    sizeBytes += piece.length;
  }
  const footer = Buffer.from(`${prefix}${hash.copy().digest("hex")}\n`);
  return { pieces: [...pieces, footer], sizeBytes, sha256: hash.update(footer).digest("hex") };
};

/**
 * What the end of a file says of the file.
 * - `whole`: the last line is a footer and the hash is that of all bytes above it
 * - `damaged`: the last line is a footer and the hash is another (the file is being written, or was edited by hand)
 * - `none`: there is no footer (a hand-written file, or one cut short)
 */
export type FooterVerdict = "whole" | "damaged" | "none";

/** Reads the footer of a file's bytes. */
export const checkFooter = (bytes: Buffer): FooterVerdict => {
  if (bytes.length < footerLength) return "none";
  const line = bytes.subarray(bytes.length - footerLength).toString("latin1");
  if (!/^# sha256:[0-9a-f]{64}\n$/.test(line)) return "none";
  const above = bytes.subarray(0, bytes.length - footerLength);
  return hashOf(above) === line.slice(prefix.length, -1) ? "whole" : "damaged";
};
