import { type StatusLocation, statusMessageMaxBytes } from "../contract/status.ts";

/** What nginx said, in words for a person, and where it points to. */
export interface Complaint {
  readonly message: string;
  /** Null when nginx names no place in the configuration directory. */
  readonly at: StatusLocation | null;
}

/** `nginx: [emerg] …` on a terminal, `2026/11/21 12:02:28 [emerg] 5093#5093: …` in a log. */
const emergLine = /(?:^nginx: |^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )\[emerg\] (?:\d+#\d+: )?(.*)$/;

const cutToBytes = (text: string, maxBytes: number): string => {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  // A character cut in half becomes U+FFFD: drop it.
  return Buffer.from(text).subarray(0, maxBytes).toString("utf8").replace(/�+$/, "");
};

/** Cuts a message to what status.json may hold. */
export const cutMessage = (text: string): string => cutToBytes(text, statusMessageMaxBytes);

const emergLines = (text: string): readonly string[] => {
  const lines = text.split("\n").map((line) => emergLine.exec(line)?.[1]);
  // nginx tries to bind five times and says so each time.
  return [...new Set(lines.filter((line) => line !== undefined))];
};

/**
 * Reads what nginx wrote when it refused a configuration.
 *
 * @param text standard error of `nginx -t`, or nginx's error log
 * @param releaseConfDir the folder that nginx read the files from
 * @param configDir the folder that they were copied from, which a person knows
 */
export const readComplaint = (text: string, releaseConfDir: string, configDir: string): Complaint => {
  // That it gave up on a port says less than which port, which it said before.
  const lines = emergLines(text).filter((line, _, all) => all.length === 1 || line !== "still could not bind()");
  const said = (lines.length > 0 ? lines.join("\n") : text.trim()).replaceAll(`${releaseConfDir}/`, `${configDir}/`);
  const prefix = `${configDir}/`;
  for (const line of said.split("\n")) {
    const [, path, digits] = / in (\/.*):(\d+)$/.exec(line) ?? [];
    if (path?.startsWith(prefix) && !path.slice(prefix.length).includes("/"))
      return { message: cutMessage(said), at: { file: path.slice(prefix.length), line: Math.max(1, Number(digits)) } };
  }
  return { message: cutMessage(said), at: null };
};

/**
 * Whether nginx's log of reasons says that it has refused a load for good. A port that is taken is tried five times
 * before that. Source: ngx_open_listening_sockets in src/core/ngx_connection.c
 */
export const isFinalRefusal = (reasons: string): boolean =>
  emergLines(reasons).some((line) => !/^bind\(\) to .* failed /.test(line));
