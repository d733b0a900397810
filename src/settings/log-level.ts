import type { Parsed } from "./environment.ts";

/** The levels a program's `LOG_LEVEL` may name. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Parses `LOG_LEVEL`. */
export const parseLogLevel = (raw: string): Parsed<LogLevel> => {
  const level = levels.find((known) => known === raw);
  return level === undefined ? { ok: false, expected: `one of ${levels.join(", ")}` } : { ok: true, value: level };
};
