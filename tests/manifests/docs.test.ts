import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { brokenLinks, readPage } from "../docs/page.ts";
import { kustomizations, manifestsDir } from "./objects.ts";

const root = join(manifestsDir, "..");
const names = ["install.md", "load-balancers.md", "runbooks.md", "sizing.md"] as const;
const source = globSync("src/**/*.ts", { cwd: root })
  .map((path) => readFileSync(join(root, path), "utf8"))
  .join("\n");

for (const name of names) {
  describe(`docs/${name}`, () => {
    const page = readPage(name);

    it("has no link that leads nowhere", () => assert.deepEqual(brokenLinks(page), []));

    it("has YAML that parses", () => {
      for (const block of page.yaml) {
        for (const document of parseAllDocuments(block)) assert.deepEqual(document.errors, [], block);
      }
    });

    it("names folders for kubectl -k that are there", () => {
      for (const [, folder = ""] of page.text.matchAll(/-k manifests\/(\S+?)`?(?=\s|`|$)/g)) {
        assert.ok(kustomizations.includes(folder), folder);
      }
    });

    it("looks in the logs for what the programs say", () => {
      const searches = page.text.split("kubectl logs POD -c").length - 1;
      assert.equal(searches > 0, name === "runbooks.md");
      for (const [, flags = "", pattern = ""] of page.text.matchAll(
        /kubectl logs[^`|]*\| grep (-\w+ )?'?([^'`]+)'?`/g,
      )) {
        const parts = flags.includes("E") ? pattern.split("|") : [pattern];
        for (const part of parts) assert.match(source, new RegExp(part, "i"), pattern);
      }
    });
  });
}

it("every overlay and example is in docs/install.md", () => {
  const { text } = readPage("install.md");
  for (const folder of kustomizations.filter((path) => path !== "base")) {
    assert.ok(existsSync(join(manifestsDir, folder)));
    assert.ok(text.includes(`(../manifests/${folder})`), folder);
  }
});
