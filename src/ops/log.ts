import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/**
 * A program's logger: JSON lines on standard output, without transports (they do not survive bundling).
 * Messages are constant, values are keys.
 */
export const createLogger = (program: string, level: string): Logger =>
  pino(
    {
      level,
      base: { program },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // As without it, but for process.stdout, which would be made only to be asked for its descriptor: 1 ms of a start.
    pino.destination(1),
  );
