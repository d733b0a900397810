/** A place in a template, both numbers from 1. */
export interface TemplatePlace {
  readonly line: number;
  readonly column: number;
}

/** A template that cannot be compiled or applied: `file:line:column: cause`, on one line. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly file: string;
  /** Null where the cause has no place of its own. */
  readonly place: TemplatePlace | null;
  constructor(file: string, place: TemplatePlace | null, reason: string) {
    super(`${file}${place === null ? "" : `:${place.line}:${place.column}`}: ${reason}`);
    this.file = file;
    this.place = place;
  }
}

/** What is wrong at a place, found where the file's name is not known. */
export class TemplateFault extends Error {
  override readonly name = "TemplateFault";
  readonly place: TemplatePlace | null;
  constructor(place: TemplatePlace | null, reason: string) {
    super(reason);
    this.place = place;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The start of a `loc` as Handlebars writes it, whose columns begin at 0. */
export const placeOfLoc = (loc: unknown): TemplatePlace | null => {
  if (!isRecord(loc) || !isRecord(loc.start)) return null;
  const { line, column } = loc.start;
  return typeof line === "number" && typeof column === "number" ? { line, column: column + 1 } : null;
};

/** The place that Handlebars gives its own exceptions. */
const placeOfException = (error: unknown): TemplatePlace | null =>
  isRecord(error) && typeof error.lineNumber === "number" && typeof error.column === "number"
    ? { line: error.lineNumber, column: error.column + 1 }
    : null;

/** A syntax error is an excerpt, a line that points into it, and which tokens were expected. */
const syntaxReason = (message: string): string => {
  const [, expected = "", got = ""] = /\nExpecting (.*), got '(\w+)'$/.exec(message) ?? [];
  if (got === "EOF") {
    return `unexpected end of the template, ${expected.includes("OPEN_ENDBLOCK") ? "a block" : "a tag"} is not closed`;
  }
  return got === "" || got === "INVALID"
    ? "this belongs to no tag"
    : `unexpected ${got}, expected ${expected.replaceAll("'", "")}`;
};

const reasonOf = (error: unknown): string => {
  if (error instanceof RangeError) return "it nests without end, or makes a text that is too long";
  const message = (error instanceof Error ? error.message : String(error)).replace(/ - \d+:\d+$/, "");
  const missing = /^"(.*)" not defined in /.exec(message)?.[1];
  if (missing !== undefined) return `there is no field ${JSON.stringify(missing)} here`;
  const unknownCall = /used the unknown helper (.*)$/.exec(message)?.[1];
  if (unknownCall !== undefined) return `there is no helper ${JSON.stringify(unknownCall)}`;
  const syntax = /^(?:Parse|Lexical) error/.test(message);
  return syntax ? `syntax error: ${syntaxReason(message)}` : message.replace(/\s*\n\s*/g, " ");
};

/** Whatever was thrown, as a fault of the template. */
export const faultOf = (error: unknown): TemplateFault =>
  error instanceof TemplateFault ? error : new TemplateFault(placeOfException(error), reasonOf(error));
