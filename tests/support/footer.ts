import { createHash } from "node:crypto";

/** The file that the contract asks for, as one text: `# sha256:<hex of all bytes above>` is its last line. */
export const withFooter = (text: string): string =>
  `${text}# sha256:${createHash("sha256").update(text).digest("hex")}\n`;
