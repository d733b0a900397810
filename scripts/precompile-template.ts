// Compiles the partials of src/nginx/default.conf.hbs, so that the programs carry Handlebars' runtime and not its compiler.
// With --check it only says whether the compiled template is that of the source.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";

const folder = join(import.meta.dirname, "../src/nginx");
const source = readFileSync(join(folder, "default.conf.hbs"), "utf8");
const target = join(folder, "default.conf.generated.ts");
// Without `@index` and the like, and without `../`, a loop needs no frame for each element: a third of the time.
const options = { noEscape: true, strict: true, knownHelpersOnly: true, knownHelpers: {}, data: false };
// A comment on a line of its own begins each partial; what stands before the first is none.
const sections = source.split(/^\{\{!-- partial: (\w+) --\}\}\n/m);
if (sections[0] !== "") throw new Error("default.conf.hbs must begin with the mark of a partial");
const entries: string[] = [];
for (let index = 1; index < sections.length; index += 2) {
  entries.push(`  ${sections[index]}: ${Handlebars.precompile(sections[index + 1] ?? "", options)},\n`);
}
const text = `// @ts-nocheck
// Made from default.conf.hbs by \`npm run template\`: change that, not this.
/** The parts of the built-in template in their order, each compiled: for \`Handlebars.template\`. */
export const partials = {
${entries.join("")}};
`;
if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error("src/nginx/default.conf.generated.ts is not that of default.conf.hbs: run `npm run template`");
  process.exitCode = 1;
}
