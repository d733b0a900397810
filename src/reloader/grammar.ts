import { resolve } from "node:path";
import type { Parsed } from "../settings/environment.ts";

/** A span of time in nginx's own notation, checked, and what it is in milliseconds. */
export interface NginxTime {
  readonly text: string;
  readonly ms: number;
}

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const isUnit = (unit: string): unit is keyof typeof unitMs => unit in unitMs;

/**
 * Parses a time as nginx's configuration has it: a whole number and `ms`, `s`, `m` or `h` (none: seconds), at most a day.
 * Source: https://nginx.org/en/docs/syntax.html
 */
export const parseNginxTime =
  (minMs: number) =>
  (raw: string): Parsed<NginxTime> => {
    const expected = `a time such as 500ms, 60s or 5m, from ${minMs}ms to 24h`;
    const [, digits, unit = "s"] = /^(\d{1,8})(ms|s|m|h)?$/.exec(raw) ?? [];
    if (digits === undefined || !isUnit(unit)) return { ok: false, expected };
    const ms = Number(digits) * unitMs[unit];
    if (ms < minMs || ms > 24 * unitMs.h) return { ok: false, expected };
    return { ok: true, value: { text: `${digits}${unit}`, ms } };
  };

/**
 * Parses a path that goes into nginx.conf; relative ones count from the working directory.
 * Refused are the characters that end or change an nginx parameter even in quotes, and those that `include` takes for
 * a pattern.
 */
export const parseNginxPath = (raw: string): Parsed<string> => {
  const path = resolve(raw);
  const isPlain = ![...path].some((character) => character < " " || "\x7f\"'\\$;{}#*?[]".includes(character));
  return isPlain
    ? { ok: true, value: path }
    : { ok: false, expected: "a path without quotes, control characters and \\ $ ; { } # * ? [ ]" };
};

/** What `sun_path` holds on Linux, without its ending zero. Source: unix(7). */
export const socketPathMaxBytes = 107;

/** Parses RUN_DIR: an nginx path that is short enough for the socket in it. */
export const parseRunDir = (raw: string): Parsed<string> => {
  const path = parseNginxPath(raw);
  if (!path.ok) return path;
  const bytes = Buffer.byteLength(`${path.value}/nginx.sock`);
  return bytes <= socketPathMaxBytes
    ? path
    : {
        ok: false,
        expected: `a shorter path: its nginx.sock would be ${bytes} bytes, a socket's path has at most ${socketPathMaxBytes}`,
      };
};
