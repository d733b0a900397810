import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readManifest } from "../../src/cli/manifest.ts";
import { serviceYaml } from "./fixture.ts";

const lineOf = (text: string, key: string, index = 0): number | undefined =>
  readManifest(text, "a.yaml").objects[index]?.placeOf(key)?.line;

describe("readManifest()", () => {
  it("finds each key in each document", () => {
    const text = `# first\n${serviceYaml("a", { host: "a.test", path: "/a" })}---\n${serviceYaml("b", { host: "b.test" })}`;
    const { objects, faults } = readManifest(text, "a.yaml");
    assert.deepEqual(faults, []);
    assert.deepEqual(
      objects.map(({ place }) => place),
      [
        { file: "a.yaml", line: 5, column: 3 },
        { file: "a.yaml", line: 17, column: 3 },
      ],
    );
    assert.deepEqual(objects[0]?.placeOf("hotroute.io/path"), { file: "a.yaml", line: 10, column: 5 });
    assert.equal(lineOf(text, "hotroute.io/expose"), 7);
    assert.equal(lineOf(text, "hotroute.io/host", 1), 21);
    assert.equal(lineOf(text, "hotroute.io/path", 1), undefined);
  });

  it("takes the annotation where a label has the same key", () => {
    const text = "kind: Service\nmetadata:\n  annotations: { k: a }\n  labels: { k: l }\n";
    assert.equal(lineOf(text, "k"), 3);
  });

  it("reads JSON, and the items of Lists", () => {
    const item = (name: string) => ({
      kind: "Service",
      apiVersion: "v1",
      metadata: { name, annotations: { k: name } },
    });
    const text = JSON.stringify({ kind: "List", apiVersion: "v1", items: [item("a"), item("b")] }, null, 1);
    const { objects } = readManifest(text, null);
    assert.deepEqual(
      objects.map(({ kind, object }) => [kind, object]),
      [
        ["Service", item("a")],
        ["Service", item("b")],
      ],
    );
    const line = (name: string): number => text.split("\n").findIndex((row) => row.includes(`"k": "${name}"`)) + 1;
    assert.deepEqual([lineOf(text, "k"), lineOf(text, "k", 1)], [line("a"), line("b")]);
  });

  it("knows that the items of a ServiceList are Services", () => {
    const { objects } = readManifest("kind: ServiceList\napiVersion: v1\nitems:\n- metadata: { name: a }\n", null);
    assert.deepEqual(
      objects.map(({ kind, apiVersion }) => [kind, apiVersion]),
      [["Service", "v1"]],
    );
  });

  it("follows anchors and merge keys", () => {
    const text = "kind: Service\nmetadata:\n  labels: &l\n    k: v\n  annotations:\n    <<: *l\n    own: x\n";
    const [object] = readManifest(text, null).objects;
    assert.deepEqual(object?.object.metadata, { labels: { k: "v" }, annotations: { k: "v", own: "x" } });
    assert.equal(object?.placeOf("own")?.line, 7);
    assert.equal(object?.placeOf("k")?.line, 4);
    assert.deepEqual(object?.untyped, []);
  });

  it("tells every fault of a file with its line and column, and reads the other documents", () => {
    const text =
      "kind: Service\nmetadata:\n  name: a\n name: b\n---\nkind: Service\nmetadata: { name: c }\n---\na: 1\na: 2\n";
    const { objects, faults } = readManifest(text, "a.yaml");
    assert.deepEqual(
      objects.map(({ place }) => place.line),
      [7],
    );
    assert.deepEqual(
      faults.map(({ place }) => place.line),
      [4, 10],
    );
    assert.match(faults.at(-1)?.message ?? "", /unique/);
  });

  it("is not taken in by a million aliases", () => {
    const lines = Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`);
    const { faults } = readManifest(`kind: X\na0: &a0 x\n${lines.join("\n")}\n`, "bomb.yaml");
    assert.equal(faults.length, 1);
    assert.match(faults[0]?.message ?? "", /alias/i);
  });

  it("tells labels and annotations that are no text to kubectl, which reads YAML 1.1", () => {
    const values = ["true", "yes", "Off", "80", "1.5", "{}", '"true"', "~", "'yes'", "text", "|\n      yes"];
    const rows = values.map((value, index) => `    k${index}: ${value}\n`).join("");
    const [object] = readManifest(`kind: Service\nmetadata:\n  annotations:\n${rows}`, null).objects;
    assert.deepEqual(
      object?.untyped.map(({ key, place }) => [key, place.line]),
      [0, 1, 2, 3, 4, 5].map((index) => [`k${index}`, 4 + index]),
    );
  });

  it("has nothing to say of what is no object", () => {
    for (const text of ["", "---\n---\n", "just text", "[1, 2]", "a: 1", "# only a comment"]) {
      assert.deepEqual(readManifest(text, null), { objects: [], faults: [] }, JSON.stringify(text));
    }
  });
});
