import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { brokenLinks, codeSpans, readPage } from "./page.ts";

const root = join(import.meta.dirname, "../..");
const page = readPage("reliability.md");

/** A fault as the page has it. */
interface Row {
  readonly number: number;
  readonly fault: string;
  /** The log lines that it names. */
  readonly seen: string;
  readonly files: readonly string[];
}

const rows: readonly Row[] = page.tables
  .filter(({ header }) => header[0] === "row")
  .flatMap((table) => table.rows)
  .map(([number, fault = "", , seen = "", , shownBy = ""]) => ({
    number: Number(number),
    fault,
    seen,
    files: codeSpans(shownBy),
  }));

/** The numbers of the rows that the titles of a file's tests begin with. */
const shownIn = (text: string): ReadonlySet<number> =>
  new Set([...text.matchAll(/\b(?:it|test)\(\s*["'`]row (\d+): /g)].map(([, number]) => Number(number)));

const shown: ReadonlyMap<string, ReadonlySet<number>> = new Map(
  globSync("tests/**/*.test.ts", { cwd: root }).map((path) => [path, shownIn(readFileSync(join(root, path), "utf8"))]),
);

/** Row 38 is of TLS, which nginx does not terminate yet. */
const tested = Array.from({ length: 37 }, (_, index) => index + 1);

describe("docs/reliability.md", () => {
  it("has every row", () => {
    const missing = [...tested, 38].filter((number) => !rows.some((row) => row.number === number));
    assert.deepEqual(missing, []);
  });

  it("names for every row tests that begin with its number", () => {
    const wrong = rows
      .filter(({ number }) => tested.includes(number))
      .flatMap(({ number, fault, files }) =>
        files.length === 0
          ? [`row ${number} (${fault}) names no test`]
          : files
              .filter((path) => !shown.get(path)?.has(number))
              .map((path) => `${path} has no test "row ${number}: …"`),
      );
    assert.deepEqual(wrong, []);
  });

  it("quotes log lines and metrics that there are", () => {
    const source = globSync("src/**/*.ts", { cwd: root })
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n");
    const quoted = rows.flatMap(({ seen }) => codeSpans(seen));
    const metrics = quoted.filter((span) => /^[a-z]+(?:_[a-z]+)+(?:\{.*\})?$/.test(span));
    const lines = quoted.filter((span) => / /.test(span) && !metrics.includes(span));
    const unknown = [
      ...metrics.map((span) => span.replace(/\{.*$/, "")).filter((name) => !source.includes(`hotroute_${name}"`)),
      ...lines.filter((line) => !source.includes(`"${line}"`)),
    ];
    assert.deepEqual(unknown, []);
    assert.ok(metrics.length > 10 && lines.length > 10, "there is something to compare");
  });

  it("has no broken link", () => {
    assert.deepEqual(brokenLinks(page), []);
  });
});
