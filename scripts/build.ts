// Bundles each program into one CommonJS file: dist/NAME.cjs, run by `node dist/NAME.cjs`.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const programs = ["init", "generator", "reloader", "demo"];

mkdirSync(join(root, "dist"), { recursive: true });
const { warnings } = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(programs.map((name) => [name, `src/${name}/main.ts`])),
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  minify: true,
  keepNames: true,
  platform: "node",
  target: "node24",
  // client-node as an ESM bundle fails at start, and starts slower.
  format: "cjs",
  legalComments: "linked",
  logLevel: "warning",
});
if (warnings.length > 0) process.exitCode = 1;
