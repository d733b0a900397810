import assert from "node:assert/strict";
import { it } from "node:test";
import type { KubeRequest, KubeResult } from "../../../src/kube/client.ts";
import { jsonObject } from "../../../src/kube/json.ts";
import { EVENTS, resourcePath, SERVICES } from "../../../src/kube/resource.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { clientFor, createNamespace } from "../fixture.ts";

const eventBody = (namespace: string, note: string): unknown => ({
  metadata: { name: "web.conflict", namespace },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "hotroute.io/generator",
  reportingInstance: "hotroute-0",
  type: "Warning",
  reason: "Conflict",
  action: "Route",
  note,
  regarding: { apiVersion: "v1", kind: "Service", namespace, name: "web" },
});

const failureOf = (result: KubeResult) => {
  assert.ok(!result.ok, "the request succeeded");
  const { message, ...failure } = result.failure;
  assert.notEqual(message, "");
  return failure;
};

export const requestTests = (given: () => TestApiServer): void => {
  it("creates an Event, says that it exists, and patches it", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    const client = clientFor(server, server.url);
    t.after(() => client.close());
    const path = resourcePath(EVENTS, namespace.name);
    const create: KubeRequest = { method: "POST", path, body: eventBody(namespace.name, "shop/web lost its host") };
    const created = await client.request(create);
    assert.ok(created.ok && created.status === 201, JSON.stringify(created));
    assert.deepEqual(failureOf(await client.request(create)), { kind: "conflict", status: 409 });
    const body = { series: { count: 2, lastObservedTime: "2026-01-01T00:30:00.000000Z" } };
    const patched = await client.request({
      method: "PATCH",
      path: resourcePath(EVENTS, namespace.name, "web.conflict"),
      contentType: "application/merge-patch+json",
      body,
    });
    assert.ok(patched.ok, JSON.stringify(patched));
    assert.equal(jsonObject(jsonObject(patched.body)?.series)?.count, 2);
  });

  it("says what is missing and what is invalid apart", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    const client = clientFor(server, server.url);
    t.after(() => client.close());
    const path = resourcePath(SERVICES, namespace.name);
    const missing = await client.request({ method: "GET", path: resourcePath(SERVICES, namespace.name, "none") });
    assert.deepEqual(failureOf(missing), { kind: "notFound", status: 404 });
    const invalid = await client.request({ method: "POST", path, body: { metadata: { name: "Not_A_Name" } } });
    assert.deepEqual(failureOf(invalid), { kind: "invalid", status: 422 });
    const selector = await client.request({ method: "GET", path, query: { labelSelector: "a in (" } });
    assert.deepEqual(failureOf(selector), { kind: "invalid", status: 400 });
  });
};
