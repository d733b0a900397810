import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, type JsonObject, listAt, numberAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { APPLY, call, freshNamespace, MERGE, type ObjectAnswer, serviceBody, servicesIn } from "../servers.ts";

const config = (metadata: JsonObject, spec: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "shop", ...metadata },
  spec: { ports: [{ port: 80, protocol: "TCP", name: "http" }], ...spec },
});

const fieldsOf = (service: JsonObject, manager: string): Json | undefined =>
  listAt(objectAt(service, "metadata"), "managedFields")
    .map((entry) => objectAt({ entry }, "entry"))
    .find((entry) => entry.manager === manager)?.fieldsV1;

interface Applier {
  readonly path: string;
  readonly apply: (manager: string, body: Json, query?: string) => Promise<ObjectAnswer>;
}

const applier = async (server: TestApiServer): Promise<Applier> => {
  const path = `${servicesIn(await freshNamespace(server))}/shop`;
  return {
    path,
    apply: (manager, body, query = "") => call(server, "PATCH", `${path}?fieldManager=${manager}${query}`, body, APPLY),
  };
};

const PORT_80 = 'k:{"port":80,"protocol":"TCP"}';

/** Server-side apply and who owns what. */
export const applySuite = (server: () => TestApiServer): void => {
  test("apply creates, and its manager owns just what it set", async () => {
    const { apply } = await applier(server());
    const { status, object } = await apply("one", config({ labels: { a: "1" } }));
    assert.equal(status, 201);
    const port = { ".": {}, "f:name": {}, "f:port": {}, "f:protocol": {} };
    assert.deepEqual(fieldsOf(object, "one"), {
      "f:metadata": { "f:labels": { "f:a": {} } },
      "f:spec": { "f:ports": { [PORT_80]: port } },
    });
  });

  test("the same apply again changes nothing", async () => {
    const { apply } = await applier(server());
    const first = await apply("one", config({ labels: { a: "1" } }));
    const second = await apply("one", config({ labels: { a: "1" } }));
    assert.deepEqual([second.status, second.object], [200, first.object]);
  });

  test("what a manager no longer applies is removed, unless another one owns it too", async () => {
    const { apply } = await applier(server());
    await apply("one", config({ labels: { mine: "1", shared: "2" } }));
    await apply("two", config({ labels: { shared: "2" } }));
    const { object } = await apply("one", config({}));
    assert.deepEqual(objectAt(objectAt(object, "metadata"), "labels"), { shared: "2" });
    const { object: last } = await apply("two", config({}));
    assert.deepEqual(objectAt(objectAt(last, "metadata"), "labels"), {});
  });

  test("a list's item goes with its last owner", async () => {
    const { apply } = await applier(server());
    const two = {
      ports: [
        { port: 80, protocol: "TCP", name: "http" },
        { port: 81, protocol: "TCP", name: "admin" },
      ],
    };
    await apply("one", config({}, two));
    const { object } = await apply("one", config({}));
    assert.deepEqual(
      listAt(objectAt(object, "spec"), "ports").map((port) => numberAt(port, "port")),
      [80],
    );
  });

  test("a conflict names its managers and fields, and force takes them", async () => {
    const { apply } = await applier(server());
    await apply("one", config({ labels: { a: "1" } }));
    const refused = await apply("two", config({ labels: { a: "2" } }));
    assert.deepEqual([refused.status, refused.object.reason], [409, "Conflict"]);
    assert.equal(refused.object.message, 'Apply failed with 1 conflict: conflict with "one": .metadata.labels.a');
    assert.deepEqual(objectAt(refused.object, "details").causes, [
      { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".metadata.labels.a" },
    ]);
    const forced = await apply("two", config({ labels: { a: "2" } }), "&force=true");
    assert.deepEqual(objectAt(objectAt(forced.object, "metadata"), "labels"), { a: "2" });
    assert.deepEqual(objectAt(fieldsOf(forced.object, "one"), "f:metadata"), {});
  });

  test("an update takes ownership of what it changes, and an apply of that conflicts", async () => {
    const { path, apply } = await applier(server());
    await apply("one", config({ labels: { a: "1" } }));
    const { object } = await call(server(), "PATCH", path, { metadata: { labels: { a: "2", b: "3" } } }, MERGE);
    assert.deepEqual(objectAt(fieldsOf(object, "suite"), "f:metadata"), { "f:labels": { "f:a": {}, "f:b": {} } });
    assert.deepEqual(objectAt(fieldsOf(object, "one"), "f:metadata"), {});
    assert.equal((await apply("one", config({ labels: { a: "1" } }))).status, 409);
    assert.equal((await apply("one", config({ labels: { a: "2" } }))).status, 200);
  });

  test("kubectl takes over by server-side apply what it applied client-side", async () => {
    const { path, apply } = await applier(server());
    const last = JSON.stringify(config({ labels: { a: "1" } }));
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": last };
    const body = serviceBody("shop", { labels: { a: "1" }, annotations });
    const collection = path.replace(/\/shop$/, "?fieldManager=kubectl-client-side-apply");
    assert.equal((await call(server(), "POST", collection, body)).status, 201);
    assert.equal((await apply("kubectl", config({ labels: { a: "1" } }))).status, 200);
  });

  test("managedFields are reset by one empty entry", async () => {
    const { path, apply } = await applier(server());
    await apply("one", config({}));
    const { object } = await call(server(), "PATCH", path, { metadata: { managedFields: [{}] } }, MERGE);
    assert.deepEqual(listAt(objectAt(object, "metadata"), "managedFields"), []);
  });

  test("what cannot be applied is refused as kube-apiserver refuses it", async () => {
    const { path, apply } = await applier(server());
    await apply("one", config({}));
    assert.equal((await call(server(), "PATCH", path, config({}), APPLY)).status, 422);
    assert.equal((await apply("one", { ...config({}), apiVersion: "v2" })).status, 400);
    assert.equal((await apply("one", config({ name: "other" }))).status, 400);
    assert.equal((await apply("one", config({ managedFields: [{}] }))).status, 400);
    assert.equal((await apply("one", config({ resourceVersion: "1" }))).status, 409);
    assert.equal((await apply("one", config({}, { unknown: 1 }))).status, 500);
    assert.equal((await apply("one", config({}, { type: 5 }))).status, 500);
    assert.equal((await apply("one", "{bad")).status, 400);
    const twice = {
      ports: [
        { port: 80, protocol: "TCP" },
        { port: 80, protocol: "TCP" },
      ],
    };
    assert.equal((await apply("one", config({}, twice))).status, 500);
    const unforced = await call(server(), "PATCH", `${path}?force=true`, {}, MERGE);
    assert.deepEqual([unforced.status, stringAt(unforced.object, "reason")], [422, "Invalid"]);
  });

  test("YAML is applied as JSON is", async () => {
    const { apply } = await applier(server());
    const yaml =
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n  labels: {a: 'yes'}\nspec:\n  ports:\n  - port: 80\n    protocol: TCP\n";
    const { status, object } = await apply("one", yaml);
    assert.deepEqual([status, objectAt(objectAt(object, "metadata"), "labels")], [201, { a: "yes" }]);
  });
};
