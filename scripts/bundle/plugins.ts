// What the bundles leave out, or run only when it is needed.
import type { Plugin } from "esbuild";
import * as yaml from "yaml";

/** A package in a file of its own beside the bundles, loaded at its first use. */
const apart = (name: string, filter: RegExp, file: string): Plugin => ({
  name,
  setup: ({ onResolve }) => {
    onResolve({ filter }, ({ kind }) => (kind === "entry-point" ? null : { path: file, external: true }));
  },
});

/**
 * client-node is needed for exec plugins, auth providers and proxies alone. In the bundle it cost 13 MB of private memory
 * and time at every start.
 */
export const clientNode = "@kubernetes/client-node/dist/config.js";
export const clientNodeApart = apart(
  "client-node-apart",
  /^@kubernetes\/client-node\/dist\/config\.js$/,
  "./client-node.cjs",
);

/** Only a template of a user's own needs the compiler: most programs never load this file. */
export const handlebarsApart = apart("handlebars-apart", /^handlebars$/, "./handlebars.cjs");

/** The YAML parser's sixty modules run when a name of it is first used: 3 ms of each start, and mostly for nothing. */
export const yamlAtFirstUse: Plugin = {
  name: "yaml-at-first-use",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^yaml$/ }, ({ kind, resolveDir }) =>
      kind === "import-statement" ? { path: "yaml", namespace: "yaml-at-first-use", pluginData: resolveDir } : null,
    );
    onLoad({ filter: /.*/, namespace: "yaml-at-first-use" }, ({ pluginData }) => ({
      contents: Object.keys(yaml)
        .map(
          (name) =>
            `Object.defineProperty(exports, "${name}", { enumerable: true, get: () => require("yaml").${name} });`,
        )
        .join("\n"),
      resolveDir: String(pluginData),
    }));
  },
};

/** In place of what pino loads to log by a thread (which does not survive bundling) and to check one argument. */
const pinoParts: Readonly<Record<string, string>> = {
  "./transport": 'module.exports = () => { throw new Error("the bundles hold no transports of pino"); };',
  worker_threads: "exports.isMainThread = true;",
  assert: "module.exports = (value, message) => { if (!value) throw new Error(message); };",
};

/** pino without its threads and `assert`: 4 ms of each start. */
export const pinoWithoutThreads: Plugin = {
  name: "pino-without-threads",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(?:\.\/(?:lib\/)?transport|worker_threads|assert)$/ }, ({ path, importer }) =>
      /[\\/]node_modules[\\/](?:pino|sonic-boom)[\\/]/.test(importer)
        ? { path: path.replace("lib/", ""), namespace: "pino-without-threads" }
        : null,
    );
    onLoad({ filter: /.*/, namespace: "pino-without-threads" }, ({ path }) => {
      const contents = pinoParts[path];
      if (contents === undefined) throw new Error(`nothing stands in for ${path}`);
      return { contents };
    });
  },
};
