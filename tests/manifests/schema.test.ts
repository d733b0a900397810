import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { misfitsOf as customMisfits, isCustom } from "./custom-resources.ts";
import { build, type KubeObject, kustomizations, objectFiles, readObjects, skipWithoutKustomize } from "./objects.ts";
import { loadDefinitions, misfitsOf, skipWithoutDefinitions } from "./schema.ts";

const deployment = (): KubeObject => structuredClone(readObjects("base/deployment.yaml")[0] as KubeObject);

/** Sets the field at a path of names and numbers, whatever was there. */
const withField = (object: KubeObject, path: readonly (string | number)[], value: unknown): KubeObject => {
  let place = object as unknown as Record<string | number, unknown>; // a copy, to be spoiled on purpose
  for (const name of path.slice(0, -1)) place = place[name] as Record<string | number, unknown>;
  place[path.at(-1) ?? ""] = value;
  return object;
};

const pod = ["spec", "template", "spec"] as const;

describe("the manifests fit the types of a current Kubernetes", { skip: skipWithoutDefinitions }, () => {
  const definitions = loadDefinitions();
  const check = (objects: readonly KubeObject[]): readonly string[] =>
    objects.flatMap((object) => (isCustom(object) ? customMisfits(object) : misfitsOf(definitions, object)));

  for (const file of objectFiles) {
    it(file, () => {
      const objects = readObjects(file);
      assert.ok(objects.length > 0);
      assert.deepEqual(check(objects), []);
    });
  }

  for (const folder of kustomizations) {
    it(`kubectl apply -k manifests/${folder}`, { skip: skipWithoutKustomize }, () => {
      const objects = build(folder);
      assert.ok(objects.length > 0);
      assert.deepEqual(check(objects), []);
    });
  }

  const wrong: readonly (readonly [what: string, path: readonly (string | number)[], value: unknown, said: RegExp])[] =
    [
      ["a misspelt field", [...pod, "automountServiceAcountToken"], false, /Acount.*unknown field/],
      ["a field in the wrong place", [...pod, "containers", 1, "terminationGracePeriodSeconds"], 9, /unknown field/],
      ["a text for a number", ["spec", "replicas"], "2", /replicas: string instead of integer/],
      ["a number for a text", [...pod, "containers", 0, "image"], 1, /image: number instead of string/],
      ["an object for a list", [...pod, "volumes"], {}, /volumes: object instead of array/],
      ["a required field that is missing", ["spec"], { replicas: 1 }, /spec\.selector: missing/],
      ["null", [...pod, "containers", 0, "resources"], null, /resources: null instead of object/],
      ["a kind that does not exist", ["kind"], "Deploymint", /no kind of apps\/v1/],
      ["a version that is gone", ["apiVersion"], "extensions/v1beta1", /no kind of extensions\/v1beta1/],
    ];
  for (const [what, path, value, said] of wrong) {
    it(`misfitsOf() finds ${what}`, () => {
      const [first = "", ...more] = misfitsOf(definitions, withField(deployment(), path, value));
      assert.match([first, ...more].join("\n"), said);
    });
  }

  it("misfitsOf() takes a number where a quantity, a port by number or name is wanted", () => {
    const withNumbers = withField(deployment(), [...pod, "containers", 0, "resources", "limits", "cpu"], 1);
    assert.deepEqual(
      misfitsOf(definitions, withField(withNumbers, [...pod, "containers", 0, "livenessProbe", "httpGet", "port"], 1)),
      [],
    );
  });
});
