// Bundles each program into one CommonJS file: dist/NAME.cjs, run by `node dist/NAME.cjs`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { compileEagerly } from "./bundle/eager.ts";
import { clientNode, clientNodeApart, handlebarsApart, pinoWithoutThreads, yamlAtFirstUse } from "./bundle/plugins.ts";
import { profileStarts } from "./bundle/start-profile.ts";

const root = join(import.meta.dirname, "..");
const programs = ["init", "generator", "reloader", "demo"];
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };

mkdirSync(join(root, "dist"), { recursive: true });
const { warnings } = await build({
  absWorkingDir: root,
  entryPoints: {
    ...Object.fromEntries(programs.map((name) => [name, `src/${name}/main.ts`])),
    // Named as people call it.
    hotroute: "src/cli/main.ts",
    "client-node": clientNode,
    handlebars: "handlebars",
  },
  define: { HOTROUTE_VERSION: JSON.stringify(version) },
  plugins: [clientNodeApart, handlebarsApart, yamlAtFirstUse, pinoWithoutThreads],
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  // Names are kept as they are: they make stack traces that say something, and esbuild's own way to keep them
  // (`keepNames`) costs a call for every function that is made, a third of the time of rendering.
  minifySyntax: true,
  minifyWhitespace: true,
  platform: "node",
  target: "node24",
  // client-node as an ESM bundle fails at start, and starts slower.
  format: "cjs",
  legalComments: "linked",
  logLevel: "warning",
});
if (warnings.length > 0) process.exitCode = 1;

// Node keeps compiled code of a bundle (NODE_COMPILE_CACHE), but only of what V8 compiled together with the file.
for (const [name, functions] of await profileStarts(join(root, "dist"))) {
  const path = join(root, "dist", `${name}.cjs`);
  writeFileSync(path, compileEagerly(readFileSync(path, "utf8"), functions));
}
