import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const docs = join(import.meta.dirname, "../../docs");

/** A table of a page: its header and its rows, cells as written, `\|` unescaped. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A page of docs/. */
export interface Page {
  readonly path: string;
  readonly text: string;
  /** The text without its fenced blocks. */
  readonly prose: string;
  readonly tables: readonly Table[];
  /** The fenced blocks of YAML, in order. */
  readonly yaml: readonly string[];
}

const fence = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

const cells = (line: string): readonly string[] =>
  line
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

const readTable = (block: string): Table => {
  const [header = "", , ...rows] = block.trimEnd().split("\n");
  return { header: cells(header), rows: rows.map(cells) };
};

/** Reads a page of docs/ by its file name. */
export const readPage = (name: string): Page => {
  const path = join(docs, name);
  const text = readFileSync(path, "utf8");
  const prose = text.replace(fence, "");
  const tables = [...prose.matchAll(/^\|.*\n\|[-|]+\|\n(?:\|.*\n)*/gm)].map(([block]) => readTable(block));
  const yaml = [...text.matchAll(fence)].filter(([, , kind]) => kind === "yaml").map(([, , , body]) => body ?? "");
  return { path, text, prose, tables, yaml };
};

/** What stands between single backticks. */
export const codeSpans = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span ?? "");

// As GitHub makes them of headings.
const anchors = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replace(fence, "").matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- _]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

/** The links within the project that lead nowhere: no such file, or no such heading. */
export const brokenLinks = ({ path, prose, text }: Page): readonly string[] =>
  [...prose.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    .filter(([, file = "", anchor]) => {
      const target = join(dirname(path), file);
      if (file !== "" && !existsSync(target)) return true;
      return anchor !== undefined && !anchors(file === "" ? text : readFileSync(target, "utf8")).has(anchor);
    })
    .map(([link]) => link);
