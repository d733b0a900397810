import assert from "node:assert/strict";
import { test } from "node:test";
import { listAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { call, freshNamespace, MERGE, serviceBody, servicesIn } from "../servers.ts";

const causeFields = (status: Parameters<typeof listAt>[0]): readonly string[] =>
  [...new Set(listAt(objectAt(status, "details"), "causes").map((cause) => stringAt(cause, "field")))].toSorted();

/** Create, read, replace and delete, and what is refused. */
export const objectSuite = (server: () => TestApiServer): void => {
  test("create sets uid, resourceVersion and creationTimestamp, and read gives them back", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const created = await call(server(), "POST", path, serviceBody("shop"));
    assert.equal(created.status, 201);
    const metadata = objectAt(created.object, "metadata");
    for (const member of ["uid", "resourceVersion", "creationTimestamp"]) assert.ok(stringAt(metadata, member), member);
    const read = await call(server(), "GET", `${path}/shop`);
    assert.deepEqual(read, { ...created, status: 200 });
  });

  test("create fills in what a Service leaves out", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const spec = { ports: [{ port: 8080 }] };
    const { object } = await call(server(), "POST", path, serviceBody("shop", {}, spec));
    const filled = objectAt(object, "spec");
    assert.equal(filled.type, "ClusterIP");
    assert.equal(filled.sessionAffinity, "None");
    assert.deepEqual(filled.ports, [{ protocol: "TCP", port: 8080, targetPort: 8080 }]);
    assert.match(stringAt(filled, "clusterIP"), /^127\.96\./);
    assert.deepEqual(filled.clusterIPs, [filled.clusterIP]);
    assert.deepEqual(object.status, { loadBalancer: {} });
  });

  test("create makes a name of generateName", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const body = { ...serviceBody(""), metadata: { generateName: "shop-" } };
    const { status, object } = await call(server(), "POST", path, body);
    assert.equal(status, 201);
    assert.match(stringAt(objectAt(object, "metadata"), "name"), /^shop-[a-z0-9]{5}$/);
  });

  test("create refuses a name that is taken and a namespace that is missing", async () => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("shop"));
    const again = await call(server(), "POST", path, serviceBody("shop"));
    assert.deepEqual([again.status, again.object.reason], [409, "AlreadyExists"]);
    assert.deepEqual(again.object.details, { name: "shop", kind: "services" });
    const nowhere = await call(server(), "POST", servicesIn("nowhere"), serviceBody("shop"));
    assert.deepEqual([nowhere.status, nowhere.object.message], [404, 'namespaces "nowhere" not found']);
  });

  test("create names every member that is wrong", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const body = serviceBody(
      "Bad_Name",
      { labels: { "a b": "c d" }, annotations: { "x y": "" } },
      { type: "Nope", ports: [{ port: 0 }, { port: 70_000, protocol: "HTTP", name: "UP" }, { port: 80, name: "UP" }] },
    );
    const { status, object } = await call(server(), "POST", path, body);
    assert.deepEqual([status, object.reason], [422, "Invalid"]);
    assert.deepEqual(causeFields(object), [
      "metadata.annotations",
      "metadata.labels",
      "metadata.name",
      "spec.ports[0].name",
      "spec.ports[0].port",
      "spec.ports[0].targetPort",
      "spec.ports[1].name",
      "spec.ports[1].port",
      "spec.ports[1].protocol",
      "spec.ports[1].targetPort",
      "spec.ports[2].name",
      "spec.type",
    ]);
  });

  test("create refuses annotations of more than 256 KiB together", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const body = serviceBody("shop", { annotations: { big: "x".repeat(256 * 1024) } });
    const { status, object } = await call(server(), "POST", path, body);
    assert.deepEqual([status, causeFields(object)], [422, ["metadata.annotations"]]);
  });

  test("replace needs the current resourceVersion, and no change is no new revision", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const { object } = await call(server(), "POST", path, serviceBody("shop"));
    const same = await call(server(), "PUT", `${path}/shop`, object);
    assert.deepEqual([same.status, same.object], [200, object]);
    const metadata = objectAt(object, "metadata");
    const changed = { ...object, metadata: { ...metadata, labels: { tier: "web" } } };
    const second = await call(server(), "PUT", `${path}/shop`, changed);
    assert.equal(second.status, 200);
    assert.notEqual(stringAt(objectAt(second.object, "metadata"), "resourceVersion"), metadata.resourceVersion);
    const stale = await call(server(), "PUT", `${path}/shop`, changed);
    assert.deepEqual([stale.status, stale.object.reason], [409, "Conflict"]);
  });

  test("replace refuses another address, another uid and another name", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const { object } = await call(server(), "POST", path, serviceBody("shop"));
    const moved = { spec: { clusterIP: "127.96.7.7", clusterIPs: ["127.96.7.7"] } };
    const address = await call(server(), "PATCH", `${path}/shop`, moved, MERGE);
    assert.deepEqual([address.status, causeFields(address.object)], [422, ["spec.clusterIPs[0]"]]);
    const uid = await call(server(), "PATCH", `${path}/shop`, { metadata: { uid: "other" } }, MERGE);
    assert.deepEqual([uid.status, causeFields(uid.object)], [422, ["metadata.uid"]]);
    const name = await call(server(), "PUT", `${path}/other`, object);
    assert.deepEqual([name.status, name.object.reason], [400, "BadRequest"]);
  });

  test("delete heeds preconditions and waits for finalizers", async () => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("shop", { finalizers: ["example.com/hold"] }));
    const preconditions = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "other" } };
    assert.equal((await call(server(), "DELETE", `${path}/shop`, preconditions)).status, 409);
    assert.equal((await call(server(), "DELETE", `${path}/shop`)).status, 200);
    const held = await call(server(), "GET", `${path}/shop`);
    assert.equal(held.status, 200);
    assert.ok(stringAt(objectAt(held.object, "metadata"), "deletionTimestamp"));
    const added = await call(
      server(),
      "PATCH",
      `${path}/shop`,
      { metadata: { finalizers: ["example.com/new"] } },
      MERGE,
    );
    assert.deepEqual([added.status, causeFields(added.object)], [422, ["metadata.finalizers"]]);
    assert.equal(
      (await call(server(), "PATCH", `${path}/shop`, { metadata: { finalizers: null } }, MERGE)).status,
      200,
    );
    assert.equal((await call(server(), "GET", `${path}/shop`)).status, 404);
  });

  test("dryRun stores nothing", async () => {
    const path = servicesIn(await freshNamespace(server()));
    assert.equal((await call(server(), "POST", `${path}?dryRun=All`, serviceBody("shop"))).status, 201);
    assert.equal((await call(server(), "GET", `${path}/shop`)).status, 404);
    await call(server(), "POST", path, serviceBody("shop"));
    const patch = { metadata: { labels: { tier: "web" } } };
    const dry = await call(server(), "PATCH", `${path}/shop?dryRun=All`, patch, MERGE);
    assert.equal(stringAt(objectAt(objectAt(dry.object, "metadata"), "labels"), "tier"), "web");
    assert.equal((await call(server(), "DELETE", `${path}/shop?dryRun=All`)).status, 200);
    const read = await call(server(), "GET", `${path}/shop`);
    assert.deepEqual(objectAt(objectAt(read.object, "metadata"), "labels"), {});
    assert.equal((await call(server(), "POST", `${path}?dryRun=Some`, serviceBody("x"))).status, 422);
  });

  test("a Service's address and node port are free again once it is gone", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const one = await call(server(), "POST", path, serviceBody("one", {}, { type: "NodePort" }));
    const { clusterIP, ports } = objectAt(one.object, "spec");
    const wanted = { type: "NodePort", clusterIP: clusterIP ?? null, ports: ports ?? null };
    const taken = await call(server(), "POST", path, serviceBody("two", {}, wanted));
    assert.deepEqual([taken.status, taken.object.reason], [422, "Invalid"]);
    await call(server(), "DELETE", `${path}/one`);
    assert.equal((await call(server(), "POST", path, serviceBody("two", {}, wanted))).status, 201);
    await call(server(), "DELETE", `${path}/two`);
  });

  test("a type that needs no node port gives it back, and ExternalName has no address", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const { object } = await call(server(), "POST", path, serviceBody("shop", {}, { type: "NodePort" }));
    const [port] = listAt(objectAt(object, "spec"), "ports");
    assert.ok(Number(objectAt({ port: port ?? null }, "port").nodePort) >= 30_000);
    const plain = await call(server(), "PATCH", `${path}/shop`, { spec: { type: "ClusterIP" } }, MERGE);
    assert.deepEqual(objectAt(plain.object, "spec").ports, [
      { name: "http", protocol: "TCP", port: 80, targetPort: 80 },
    ]);
    assert.equal(objectAt(plain.object, "spec").externalTrafficPolicy, undefined);
    const named = { spec: { type: "ExternalName", externalName: "shop.example" } };
    const external = await call(server(), "PATCH", `${path}/shop`, named, MERGE);
    assert.equal(external.status, 200);
    assert.equal(objectAt(external.object, "spec").clusterIP, undefined);
  });

  test("status is written through its subresource alone", async () => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("shop", {}, { type: "LoadBalancer" }));
    const status = { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } };
    const main = await call(server(), "PATCH", `${path}/shop`, status, MERGE);
    assert.deepEqual(main.object.status, { loadBalancer: {} });
    const sub = await call(
      server(),
      "PATCH",
      `${path}/shop/status`,
      { ...status, spec: { selector: { a: "b" } } },
      MERGE,
    );
    assert.equal(sub.status, 200);
    assert.equal(
      stringAt(listAt(objectAt(objectAt(sub.object, "status"), "loadBalancer"), "ingress")[0], "ip"),
      "192.0.2.1",
    );
    assert.equal(objectAt(sub.object, "spec").selector, undefined);
  });
};
