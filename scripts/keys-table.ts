// Writes the tables of keys in docs/routing.md from the parsers, so that they cannot drift.
// With --check it only says whether they are current.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keys, notAvailable } from "../src/routes/keys.ts";

const path = join(import.meta.dirname, "../docs/routing.md");
const cell = (text: string): string => text.replaceAll("|", "\\|");
const rows = Object.values(keys).map(
  ({ name, expected, fallback, meaning }) =>
    `| \`${name}\` | ${cell(meaning)} | ${cell(fallback)} | ${cell(expected)} |`,
);
const waiting = [...notAvailable].map(
  ([name, { route, asIs }]) =>
    `| \`${name}\` | ${route === "closed" ? "refused: 503" : "routed without it"} | ${asIs.map((value) => `\`${value}\``).join(", ")} |`,
);
const tables: Readonly<Record<string, readonly string[]>> = {
  keys: ["| key | meaning | without it | value |", "|---|---|---|---|", ...rows],
  "not available": ["| key | a route that has it is | fine with the value |", "|---|---|---|", ...waiting],
};

const before = readFileSync(path, "utf8");
let after = before;
for (const [name, lines] of Object.entries(tables)) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const pattern = new RegExp(`${begin}[\\s\\S]*${end}`);
  if (!pattern.test(after)) throw new Error(`docs/routing.md has no ${begin} … ${end}`);
  after = after.replace(pattern, () => [begin, ...lines, end].join("\n"));
}
if (!process.argv.includes("--check")) writeFileSync(path, after);
else if (after !== before) {
  console.error("the tables of docs/routing.md are not those of src/routes/keys.ts: run `npm run keys`");
  process.exitCode = 1;
}
