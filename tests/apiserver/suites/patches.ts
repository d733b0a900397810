import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, type JsonObject, listAt, numberAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { call, freshNamespace, JSON_PATCH, MERGE, STRATEGIC, serviceBody, servicesIn } from "../servers.ts";

const PORTS = [
  { name: "a", port: 80, protocol: "TCP" },
  { name: "b", port: 81, protocol: "TCP" },
  { name: "c", port: 82, protocol: "TCP" },
];

const portsOf = (service: JsonObject): readonly string[] =>
  listAt(objectAt(service, "spec"), "ports").map((port) => `${stringAt(port, "name")}:${numberAt(port, "port")}`);

const patched = async (
  server: TestApiServer,
  type: typeof MERGE,
  patch: Json,
  metadata: JsonObject = {},
): Promise<{ status: number; object: JsonObject }> => {
  const path = servicesIn(await freshNamespace(server));
  const created = await call(
    server,
    "POST",
    path,
    serviceBody("shop", metadata, { ports: PORTS, selector: { app: "x", v: "1" } }),
  );
  assert.equal(created.status, 201, JSON.stringify(created.object));
  return call(server, "PATCH", `${path}/shop`, patch, type);
};

/** What a patch makes of the three ports. */
const PORT_PATCHES: readonly (readonly [string, typeof MERGE, Json, readonly string[]])[] = [
  ["a merge patch replaces a list", MERGE, [{ name: "z", port: 90 }], ["z:90"]],
  [
    "a strategic patch merges by port and comes first",
    STRATEGIC,
    [{ name: "z", port: 90 }],
    ["z:90", "a:80", "b:81", "c:82"],
  ],
  ["a strategic patch changes an item in place", STRATEGIC, [{ name: "z", port: 81 }], ["a:80", "z:81", "c:82"]],
  [
    "a strategic patch's own order holds for its items",
    STRATEGIC,
    [
      { port: 82, name: "z" },
      { port: 80, name: "y" },
    ],
    ["b:81", "z:82", "y:80"],
  ],
  ["$patch: delete removes an item", STRATEGIC, [{ $patch: "delete", port: 81 }], ["a:80", "c:82"]],
  ["$patch: replace replaces the list", STRATEGIC, [{ $patch: "replace" }, { port: 99 }], [":99"]],
];

/** JSON patch, merge patch and strategic merge patch. */
export const patchSuite = (server: () => TestApiServer): void => {
  for (const [what, type, ports, expected] of PORT_PATCHES) {
    test(what, async () => {
      const { status, object } = await patched(server(), type, { spec: { ports } });
      assert.deepEqual([status, portsOf(object)], [200, expected], JSON.stringify(object));
    });
  }

  test("$setElementOrder orders a list, with and without a change of it", async () => {
    const order = [{ port: 82 }, { port: 80 }, { port: 81 }];
    const only = await patched(server(), STRATEGIC, { spec: { "$setElementOrder/ports": order } });
    assert.deepEqual(portsOf(only.object), ["c:82", "a:80", "b:81"]);
    const both = { spec: { "$setElementOrder/ports": order, ports: [{ port: 80, name: "z" }] } };
    assert.deepEqual(portsOf((await patched(server(), STRATEGIC, both)).object), ["c:82", "z:80", "b:81"]);
  });

  test("maps: null removes, $patch: replace and $retainKeys keep what they name", async () => {
    const selector = async (patch: Json): Promise<Json | undefined> =>
      objectAt((await patched(server(), STRATEGIC, { spec: { selector: patch } })).object, "spec").selector;
    assert.deepEqual(await selector({ v: null, w: "2" }), { app: "x", w: "2" });
    assert.deepEqual(await selector({ $patch: "replace", only: "this" }), { only: "this" });
    assert.deepEqual(await selector({ $retainKeys: ["app"], app: "kept" }), { app: "kept" });
  });

  test("lists of scalars are united, and $deleteFromPrimitiveList takes from them", async () => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("shop", { finalizers: ["example.com/a"] }));
    const finalizers = async (patch: JsonObject): Promise<readonly Json[]> => {
      const { object } = await call(server(), "PATCH", `${path}/shop`, { metadata: patch }, STRATEGIC);
      return listAt(objectAt(object, "metadata"), "finalizers");
    };
    assert.deepEqual(await finalizers({ finalizers: ["example.com/b"] }), ["example.com/b", "example.com/a"]);
    assert.deepEqual(await finalizers({ "$deleteFromPrimitiveList/finalizers": ["example.com/a"] }), ["example.com/b"]);
  });

  test("a JSON patch adds, removes, replaces, moves, copies and tests", async () => {
    const operations = [
      { op: "test", path: "/spec/type", value: "ClusterIP" },
      { op: "add", path: "/metadata/labels", value: { a: "1", "b/c": "2" } },
      { op: "remove", path: "/metadata/labels/a" },
      { op: "replace", path: "/metadata/labels/b~1c", value: "3" },
      { op: "copy", from: "/spec/ports/0/name", path: "/metadata/labels/copied" },
      { op: "move", from: "/spec/selector/v", path: "/spec/selector/w" },
      { op: "add", path: "/spec/ports/-", value: { name: "d", port: 83, protocol: "TCP" } },
      { op: "remove", path: "/spec/ports/1" },
    ];
    const { status, object } = await patched(server(), JSON_PATCH, operations);
    assert.equal(status, 200, JSON.stringify(object));
    assert.deepEqual(objectAt(objectAt(object, "metadata"), "labels"), { "b/c": "3", copied: "a" });
    assert.deepEqual(objectAt(object, "spec").selector, { app: "x", w: "1" });
    assert.deepEqual(portsOf(object), ["a:80", "c:82", "d:83"]);
  });

  test("what cannot be patched is refused as kube-apiserver refuses it", async () => {
    const refused: readonly (readonly [typeof MERGE, Json, number])[] = [
      [JSON_PATCH, [{ op: "test", path: "/spec/type", value: "Nope" }], 422],
      [JSON_PATCH, [{ op: "remove", path: "/spec/nothing" }], 422],
      [JSON_PATCH, [{ op: "add", path: "/spec/ports/7", value: {} }], 422],
      [JSON_PATCH, { op: "add" }, 400],
      [MERGE, [1], 422],
      [MERGE, { spec: { ports: "x" } }, 422],
      [MERGE, { metadata: { name: "other" } }, 400],
      [MERGE, { metadata: { resourceVersion: "1" } }, 409],
      [STRATEGIC, { spec: { ports: [{ name: "keyless" }] } }, 500],
      [STRATEGIC, { spec: { ports: { a: 1 } } }, 422],
      [STRATEGIC, { spec: { $patch: "nonsense" } }, 500],
      [{ contentType: "application/json" }, {}, 415],
    ];
    for (const [type, patch, expected] of refused) {
      const { status, object } = await patched(server(), type, patch);
      assert.equal(status, expected, `${JSON.stringify(patch)}: ${JSON.stringify(object)}`);
    }
  });
};
