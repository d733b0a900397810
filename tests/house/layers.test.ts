import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";

const source = resolve(import.meta.dirname, "../../src");

/** What each folder of src/ may import, beside itself: programs → edges → core, never sideways, never up. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  routes: [],
  nginx: ["contract", "routes"],
  settings: ["routes", "nginx"],
  files: [],
  ops: [],
  kube: [],
  init: ["settings", "files", "ops", "kube", "nginx", "routes", "contract"],
  generator: ["settings", "files", "ops", "kube", "nginx", "routes", "contract"],
  reloader: ["settings", "files", "ops", "contract"],
  apiserver: [],
  demo: ["settings", "ops", "kube", "routes", "apiserver"],
  cli: ["settings", "files", "ops", "nginx", "routes"],
};

/** What each folder may import from npm. */
const packages: Readonly<Record<string, readonly string[]>> = {
  routes: ["fastest-levenshtein", "yaml"],
  nginx: ["handlebars"],
  ops: ["pino", "prom-client"],
  settings: ["yaml"],
  kube: ["@kubernetes/client-node", "yaml"],
  generator: ["chokidar", "prom-client"],
  reloader: ["chokidar", "prom-client", "handlebars"],
  apiserver: ["yaml"],
  demo: ["chokidar", "yaml"],
  cli: ["fastest-levenshtein", "yaml"],
};

const pure: readonly string[] = ["contract", "routes", "nginx"];
/** Node's modules that do no I/O. */
const pureModules: ReadonlySet<string> = new Set(["node:crypto", "node:net"]);

interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = globSync("**/*.ts", { cwd: source }).map((path) => {
  const text = readFileSync(join(source, path), "utf8");
  const imports = [
    ...text.matchAll(/^(?:import|export)\s[^;]*?from "([^"]+)";|import\("([^"]+)"\)|^import "([^"]+)";/gm),
  ];
  return {
    path,
    folder: path.split("/")[0] ?? "",
    text,
    imports: imports.map((found) => found[1] ?? found[2] ?? found[3] ?? ""),
  };
});
const code = (file: SourceFile): string => file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");

describe("the layout of src/", () => {
  it("has only folders that the rule knows", () => {
    assert.deepEqual(
      [...new Set(files.map(({ folder }) => folder))].filter((folder) => !(folder in allowed)),
      [],
    );
  });

  it("imports point downwards only", () => {
    const wrong = files.flatMap(({ path, folder, imports }) =>
      imports
        .filter((name) => name.startsWith("."))
        .map((name) => relative(source, join(source, dirname(path), name)).split("/")[0] ?? "")
        .filter((target) => target !== folder && !(allowed[folder] ?? []).includes(target))
        .map((target) => `${path} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("each folder imports only the packages that are its own", () => {
    const packageOf = (name: string): string => name.split("/", name.startsWith("@") ? 2 : 1).join("/");
    const wrong = files.flatMap(({ path, folder, imports }) =>
      imports
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
        .map(packageOf)
        .filter((name) => !(packages[folder] ?? []).includes(name))
        .map((name) => `${path} imports ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("the core does no I/O, has no clock and no logger", () => {
    const wrong = files
      .filter(({ folder }) => pure.includes(folder))
      .flatMap((file) => [
        ...file.imports.filter((name) => name.startsWith("node:") && !pureModules.has(name)),
        ...(code(file).match(
          /\b(?:Date\.now|new Date\(\)|performance\.|setTimeout|console\.|process\.|Math\.random)/g,
        ) ?? []),
      ]);
    assert.deepEqual(wrong, []);
  });

  it("the environment is read in config.ts, the program ended in one place, metrics made in metrics.ts", () => {
    const places: readonly (readonly [RegExp, RegExp])[] = [
      [/\bprocess\.(?:env|argv)\b/, /\/config\.ts$/],
      [/\bprocess\.exit\(/, /^ops\/program\.ts$/],
      [/\bnew (?:Counter|Gauge|Histogram|Summary)\b/, /\/metrics\.ts$/],
    ];
    for (const [pattern, place] of places) {
      const wrong = files.filter((file) => pattern.test(code(file)) && !place.test(file.path)).map(({ path }) => path);
      assert.deepEqual(wrong, [], String(pattern));
    }
  });

  it("the container that faces the internet imports nothing that can speak to the API server", () => {
    const wrong = files
      .filter(({ folder }) => folder === "reloader")
      .flatMap(({ imports }) => imports.filter((name) => /kube/.test(name)));
    assert.deepEqual(wrong, []);
  });
});
