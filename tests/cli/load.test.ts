import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseLabelSelector } from "../../src/cli/label-selector.ts";
import { type LoadOptions, loadServices } from "../../src/cli/load.ts";
import { makeFolder, serviceYaml } from "./fixture.ts";

const isSelected = parseLabelSelector("hotroute.io/expose=true");
assert.ok(isSelected !== null);
const options: LoadOptions = {
  keyPrefix: "hotroute.io/",
  isSelected,
  namespaces: null,
  defaultNamespace: "default",
  clusterIP: null,
};
const load = (files: Readonly<Record<string, string>>, own: Partial<LoadOptions> = {}) =>
  loadServices([makeFolder(files)], { ...options, ...own });
const namesOf = (files: Readonly<Record<string, string>>, own: Partial<LoadOptions> = {}): readonly string[] =>
  load(files, own).services.map(({ namespace, name }) => `${namespace}/${name}`);

describe("loadServices()", () => {
  it("reads a folder at any depth in order of path, and no hidden, foreign or other files", () => {
    const files = {
      "b.yml": serviceYaml("b", {}),
      "a/z.json": JSON.stringify({
        kind: "Service",
        apiVersion: "v1",
        metadata: { name: "z", labels: { "hotroute.io/expose": "true" } },
      }),
      "a/A.YAML": serviceYaml("a", {}),
      "README.md": "{{ not: yaml",
      ".git/c.yaml": serviceYaml("hidden", {}),
      ".d.yaml": serviceYaml("hidden", {}),
      "node_modules/e.yaml": serviceYaml("foreign", {}),
    };
    assert.deepEqual(namesOf(files), ["default/a", "default/z", "default/b"]);
  });

  it("follows links to files, not to folders, and forgives one that leads nowhere", () => {
    const folder = makeFolder({ "real/a.yaml": serviceYaml("a", {}) });
    mkdirSync(join(folder, "links"));
    symlinkSync("../real/a.yaml", join(folder, "links/a.yaml"));
    symlinkSync("..", join(folder, "links/loop.yaml"));
    symlinkSync("nowhere", join(folder, "links/broken.yaml"));
    const { services, isWhole } = loadServices([join(folder, "links")], options);
    assert.deepEqual([services.map(({ name }) => name), isWhole], [["a"], true]);
  });

  it("reads what is named twice once", () => {
    const folder = makeFolder({ "a.yaml": serviceYaml("a", {}) });
    const { findings, fileCount } = loadServices([folder, join(folder, "a.yaml"), join(folder, "./a.yaml")], options);
    assert.deepEqual([findings, fileCount], [[], 1]);
  });

  it("skips what is no core Service, what the selector leaves out, and other namespaces", () => {
    const other = (kind: string, apiVersion: string) =>
      `kind: ${kind}\napiVersion: ${apiVersion}\nmetadata: { name: x }\n`;
    const text = [
      other("Deployment", "apps/v1"),
      other("Service", "serving.knative.dev/v1"),
      other("Service", "v1"),
      serviceYaml("a", {}).replace("name: a", "name: a\n  namespace: team-b"),
      serviceYaml("b", {}),
    ].join("---\n");
    const { services, skipped } = load({ "a.yaml": text }, { namespaces: ["default"] });
    assert.deepEqual(
      services.map(({ name }) => name),
      ["b"],
    );
    assert.deepEqual(
      skipped.map(({ place, why }) => [place.line, why]),
      [
        [3, "apps/v1 Deployment is no Service"],
        [7, "serving.knative.dev/v1 Service is no Service"],
        [11, "default/x does not match the selector"],
        [16, "team-b/a is in none of NAMESPACES"],
      ],
    );
  });

  it("gives objects without a namespace the one that was asked for", () => {
    assert.deepEqual(namesOf({ "a.yaml": serviceYaml("a", {}) }, { defaultNamespace: "shop" }), ["shop/a"]);
  });

  it("gives Services without a ClusterIP stand-ins that other Services do not change", () => {
    const addresses = (files: Readonly<Record<string, string>>) =>
      new Map(load(files).services.map(({ name, clusterIP }) => [name, clusterIP]));
    const two = addresses({ "a.yaml": serviceYaml("a", {}), "b.yaml": serviceYaml("b", {}) });
    const three = addresses({
      "0.yaml": serviceYaml("c", {}),
      "a.yaml": serviceYaml("b", {}),
      "b.yaml": serviceYaml("a", {}),
    });
    assert.equal(new Set(three.values()).size, 3);
    for (const [name, address] of two) {
      assert.match(address, /^198\.1[89]\.\d+\.\d+$/);
      assert.equal(three.get(name), address);
    }
    const own = addresses({
      "a.yaml": serviceYaml("own", {}, "clusterIP: 10.0.0.7"),
      "b.yaml": serviceYaml("headless", {}, "clusterIP: None"),
      "c.yaml": serviceYaml("external", {}, "type: ExternalName"),
    });
    assert.deepEqual([...own.values()], ["10.0.0.7", "None", ""]);
  });

  it("gives each of thousands of Services an address of its own", () => {
    const text = Array.from({ length: 3000 }, (_, index) => serviceYaml(`s${index}`, {})).join("---\n");
    const { services } = load({ "a.yaml": text });
    assert.equal(new Set(services.map(({ clusterIP }) => clusterIP)).size, 3000);
  });

  it("holds a Service that is in no cluster yet for younger than one that is", () => {
    const files = {
      "a.yaml": serviceYaml("new", {}),
      "b.yaml": serviceYaml("old", {}).replace("name: old", 'name: old\n  creationTimestamp: "2024-01-01T00:00:00Z"'),
      "c.yaml": serviceYaml("null", {}).replace("name: null", 'name: "null"\n  creationTimestamp: null'),
    };
    const ages = new Map(load(files).services.map(({ name, createdAtMs }) => [name, createdAtMs]));
    assert.equal(ages.get("old"), Date.parse("2024-01-01T00:00:00Z"));
    assert.equal(ages.get("new"), ages.get("null"));
    assert.ok((ages.get("new") ?? 0) > Date.parse("2999-01-01T00:00:00Z"));
  });

  it("refuses what the API server would: values that are no text, and a Service without a name", () => {
    const text = `${serviceYaml("a", {}).replace('"true"', "true")}---\n${serviceYaml("b", {}).replace("name: b", "generateName: b")}`;
    const { services, findings } = load({ "a.yaml": text });
    assert.deepEqual(services, []);
    assert.deepEqual(
      findings.map(({ reason, key, message, place }) => [reason, key, place?.line, message]),
      [
        [
          "InvalidManifest",
          "hotroute.io/expose",
          6,
          "the API server takes only text here, and true is none: put it in quotes",
        ],
        ["InvalidManifest", null, 11, "a Service needs a metadata.name, and a metadata.namespace that is text"],
      ],
    );
  });

  it("takes the last of two Services with one name, and names both places", () => {
    const { services, findings } = load({
      "a.yaml": serviceYaml("a", { path: "/1" }),
      "b.yaml": serviceYaml("a", { path: "/2" }),
    });
    assert.deepEqual(
      services.map(({ settings }) => settings.find(({ key }) => key === "path")?.value),
      ["/2"],
    );
    assert.deepEqual(
      findings.map(({ reason, place, related }) => [reason, place?.file?.slice(-6), related?.file?.slice(-6)]),
      [["Duplicate", "b.yaml", "a.yaml"]],
    );
  });
});
