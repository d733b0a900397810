// Bundles each program into one CommonJS file: dist/NAME.cjs, run by `node dist/NAME.cjs`.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const programs = ["init", "generator", "reloader", "demo"];
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };

// client-node is needed for exec plugins, auth providers and proxies alone. In a file of its own it is loaded only then:
// in the bundle it cost 13 MB of private memory and time at every start.
const clientNode = "@kubernetes/client-node/dist/config.js";
const clientNodeApart: Plugin = {
  name: "client-node-apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@kubernetes\/client-node\/dist\/config\.js$/ }, ({ kind }) =>
      kind === "entry-point" ? null : { path: "./client-node.cjs", external: true },
    );
  },
};

// Only a template of a user's own needs the compiler: most programs never load this file.
const handlebarsApart: Plugin = {
  name: "handlebars-apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^handlebars$/ }, ({ kind }) =>
      kind === "entry-point" ? null : { path: "./handlebars.cjs", external: true },
    );
  },
};

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
  plugins: [clientNodeApart, handlebarsApart],
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
