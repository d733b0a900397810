/** A line of a program's log: pino's JSON. */
type LogLine = Readonly<Record<string, unknown>>;

/** What kind of news a line of the story is: it decides the colour. */
export type StoryKind = "live" | "problem" | "solved" | "refused" | "warning";

/** One line for the person who watches the demo. */
export interface StoryLine {
  readonly kind: StoryKind;
  readonly text: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (typeof value === "number" ? value : 0);

const parseLine = (line: string): LogLine | null => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as LogLine) : null;
  } catch {
    return null;
  }
};

const changedNames = (line: LogLine): string => {
  const names = Array.isArray(line.changed) ? line.changed.map(text) : [];
  const more = count(line.changes) - names.length;
  return `${names.join(", ") || "configuration"}${more > 0 ? ` and ${more} more` : ""}`;
};

const fromGenerator = (line: LogLine): StoryLine | null => {
  switch (line.msg) {
    case "live":
      return {
        kind: "live",
        text: `${changedNames(line)}: live in nginx ${count(line.propagationMs)} ms after the event`,
      };
    case "a Service has a problem":
      return { kind: "problem", text: text(line.problem) };
    case "a problem is gone":
      return { kind: "solved", text: `solved: ${text(line.problem)}` };
    default:
      return null;
  }
};

/** Whether a line of a program's log is the reason it ended with: that is told with its end, once. */
export const isLastWords = (program: string, raw: string): boolean => raw.startsWith(`hotroute ${program}: `);

/**
 * Tells what a line of a program's log means to the person who watches.
 *
 * @returns null for lines that are no news to them
 */
export const tellStory = (program: string, raw: string): StoryLine | null => {
  if (isLastWords(program, raw)) return null;
  const line = parseLine(raw);
  // What is no log line (nginx's own words, a crash) is news when it comes from a program that logs JSON.
  if (line === null) return raw.trim() === "" ? null : { kind: "warning", text: `${program}: ${raw.trim()}` };
  const own = program === "generator" ? fromGenerator(line) : null;
  if (own !== null) return own;
  if (line.level !== "warn" && line.level !== "error" && line.level !== "fatal") return null;
  const detail = text(line.reason) || text(line.message) || text(line.stderr);
  return {
    kind: line.level === "warn" ? "warning" : "refused",
    text: `${program}: ${text(line.msg)}${detail === "" ? "" : `: ${detail}`}`,
  };
};
