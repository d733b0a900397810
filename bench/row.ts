import { type Summary, summarize } from "./statistics.ts";

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** Under which circumstances, and how often it was measured. */
  readonly at: string;
  /** Median and spread. */
  readonly measured: string;
  /** The same of what it is compared with, measured in the same run; empty where there is nothing of the kind. */
  readonly reference: string;
  /** Measured by reference; empty without one. */
  readonly ratio: string;
  /** What is to be reached; empty where the row only informs. */
  readonly reach: string;
  /** Null where there is nothing to reach. */
  readonly isMet: boolean | null;
}

export type Unit = "ms" | "µs" | "MB" | "KB" | "/s" | "%" | "";

/** Three digits that count, more only before the point. */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
};

export const quantity = (value: number, unit: Unit): string =>
  unit === "" ? number(value) : unit === "/s" || unit === "%" ? `${number(value)} ${unit}` : `${number(value)} ${unit}`;

/** `42 ms (40–51)`: the median, and where nine of ten values lie. */
export const spread = (values: readonly number[], unit: Unit): string => {
  if (values.length === 0) return "–";
  const { median, p5, p95 }: Summary = summarize(values);
  return values.length === 1 ? quantity(median, unit) : `${quantity(median, unit)} (${number(p5)}–${number(p95)})`;
};

export const ratio = (value: number, reference: number): string =>
  reference > 0 && Number.isFinite(value) ? (value / reference).toFixed(2) : "";

const none = { reference: "", ratio: "", reach: "", isMet: null };

/** A row that may lack a reference and a reach. */
export const row = (parts: Pick<Row, "what" | "at" | "measured"> & Partial<Row>): Row => ({ ...none, ...parts });

const cell = (text: string): string => text.replaceAll("|", "\\|");

const met = (isMet: boolean | null): string => (isMet === null ? "" : isMet ? "yes" : "**no**");

/** The rows as a table in Markdown. */
export const markdownTable = (rows: readonly Row[]): string => {
  const head = ["what", "at", "measured", "reference", "ratio", "reach", "met"];
  const lines = rows.map(({ what, at, measured, reference, ratio: by, reach, isMet }) =>
    [what, at, measured, reference, by, reach, met(isMet)].map(cell),
  );
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
};
