import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { readPage } from "../docs/page.ts";
import { build, type KubeObject, manifestsDir, parseObjects, runKustomize, skipWithoutKustomize } from "./objects.ts";
import { podTemplatesIn } from "./pod-template.ts";

describe("the kustomizations in the docs", { skip: skipWithoutKustomize }, () => {
  /** Builds a kustomization that a page shows, on a copy of the base. */
  const buildExample = (example: string): readonly KubeObject[] => {
    const folder = mkdtempSync(join(tmpdir(), "hotroute-kustomize-"));
    try {
      cpSync(join(manifestsDir, "base"), join(folder, "base"), { recursive: true });
      mkdirSync(join(folder, "mine"));
      const { resources: _, ...rest } = parse(example) as Readonly<Record<string, unknown>>;
      writeFileSync(join(folder, "mine/kustomization.yaml"), stringify({ ...rest, resources: ["../base"] }));
      return parseObjects(runKustomize(join(folder, "mine")));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const examplesIn = (page: string): readonly string[] =>
    readPage(page).yaml.filter((text) => /^(?:patches|configMapGenerator|images):/m.test(text));

  for (const [page, count] of [
    ["install.md", 2],
    ["load-balancers.md", 2],
    ["sizing.md", 1],
  ] as const) {
    it(`docs/${page}: its kustomizations change what they are for`, () => {
      const examples = examplesIn(page);
      assert.equal(examples.length, count);
      const plain = JSON.stringify(build("base"));
      for (const example of examples) assert.notEqual(JSON.stringify(buildExample(example)), plain, example);
    });
  }

  it("docs/install.md: its own registry is put before every image", () => {
    const example = examplesIn("install.md").find((text) => text.includes("newName"));
    const [template] = podTemplatesIn("", buildExample(example ?? ""));
    const containers = [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])];
    assert.equal(containers.length, 3);
    for (const { image } of containers) assert.match(image, /^registry\.example\.com\/\S+:\S+$/);
  });
});

it("the settings in the manifests are those of docs/settings.md", () => {
  const documented = new Set(
    readPage("settings.md").tables.flatMap(({ rows }) =>
      rows.flatMap(([names = ""]) => [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name)),
    ),
  );
  for (const file of ["base/settings.env", "base/nginx.env"]) {
    const names = [...readFileSync(join(manifestsDir, file), "utf8").matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    assert.ok(names.length > 0);
    assert.deepEqual(
      names.filter((name) => !documented.has(name)),
      [],
      file,
    );
  }
});
