import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { classifyAnswer, deniedAccess, parseRetryAfter } from "../../src/kube/classify.ts";
import type { KubeFailure } from "../../src/kube/failure.ts";
import { describeFailure, oneLine } from "../../src/kube/failure-text.ts";
import { resourceName, resourcePath, SERVICES } from "../../src/kube/resource.ts";
import { parseWatchEvent } from "../../src/kube/watch-event.ts";

const denied = { verb: "list", resource: "services", namespace: null };
const classify = (status: number, body: unknown = null, retryAfter?: string): KubeFailure =>
  classifyAnswer({ status, body, retryAfter, fallbackMessage: `status ${status}`, denied });

describe("classifyAnswer()", () => {
  it("names each status by what it means", () => {
    const kinds = [400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 302].map((status) => classify(status).kind);
    assert.deepEqual(kinds, [
      "invalid",
      "unauthorized",
      "forbidden",
      "notFound",
      "conflict",
      "gone",
      "invalid",
      "tooManyRequests",
      "server",
      "server",
      "server",
    ]);
  });

  it("takes the message of a Status, and its reason Expired over its code", () => {
    const failure = classify(400, { kind: "Status", reason: "Expired", message: "too\nold" });
    assert.deepEqual(failure, { kind: "gone", message: "too old" });
  });

  it("reads the wait from the header, else from the Status", () => {
    const details = { details: { retryAfterSeconds: 3 } };
    assert.deepEqual(classify(429, details), { kind: "tooManyRequests", message: "status 429", retryAfterMs: 3_000 });
    assert.deepEqual(classify(429, details, "9"), {
      kind: "tooManyRequests",
      message: "status 429",
      retryAfterMs: 9_000,
    });
  });
});

describe("parseRetryAfter()", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  for (const [header, wantedMs] of [
    ["5", 5_000],
    [" 0 ", 0],
    ["Thu, 01 Jan 2026 00:00:10 GMT", 10_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["86400", 300_000],
    ["soon", null],
    ["", null],
    [undefined, null],
  ] as const) {
    it(`${JSON.stringify(header)} is ${wantedMs} ms`, () => assert.equal(parseRetryAfter(header, nowMs), wantedMs));
  }
});

describe("deniedAccess()", () => {
  for (const [method, path, watch, wanted] of [
    ["GET", "/api/v1/services", false, ["list", "services", null]],
    ["GET", "/api/v1/services", true, ["watch", "services", null]],
    ["GET", "/api/v1/namespaces/shop/services/web", false, ["get", "services", "shop"]],
    ["POST", "/apis/events.k8s.io/v1/namespaces/shop/events", false, ["create", "events.events.k8s.io", "shop"]],
    ["PATCH", "/apis/events.k8s.io/v1/namespaces/shop/events/e1", false, ["patch", "events.events.k8s.io", "shop"]],
  ] as const) {
    it(`${method} ${path}${watch ? " as a watch" : ""} is ${wanted.join(" ")}`, () => {
      const { verb, resource, namespace } = deniedAccess(method, path, watch);
      assert.deepEqual([verb, resource, namespace], wanted);
    });
  }
});

describe("describeFailure()", () => {
  it("is one line of bounded length, whatever the server said", () => {
    const text = oneLine(`<html>\r\n\t${"x".repeat(100_000)}\u0007`);
    assert.ok(text.length <= 301);
    assert.match(text, /^<html> x+…$/);
  });

  it("says verb, resource and namespace of a refusal", () => {
    const forbidden = { kind: "forbidden", message: "no", denied } as const;
    assert.equal(describeFailure(forbidden), "not allowed to list services in all namespaces: grant it with RBAC (no)");
  });
});

describe("resourcePath()", () => {
  it("names collections and objects, of the core group and others", () => {
    const slices = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" };
    assert.equal(resourcePath(SERVICES, null), "/api/v1/services");
    assert.equal(resourcePath(SERVICES, "a b", "c/d"), "/api/v1/namespaces/a%20b/services/c%2Fd");
    assert.equal(resourcePath(slices, "shop"), "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices");
    assert.equal(resourceName(slices), "endpointslices.discovery.k8s.io");
  });
});

describe("parseWatchEvent()", () => {
  const object = { metadata: { name: "web", namespace: "shop", resourceVersion: "7" } };
  const kindOf = (line: unknown): string =>
    parseWatchEvent(typeof line === "string" ? line : JSON.stringify(line), denied).kind;

  it("takes the three events of objects, and bookmarks", () => {
    const event = parseWatchEvent(JSON.stringify({ type: "MODIFIED", object }), denied);
    assert.deepEqual(event, {
      kind: "object",
      type: "MODIFIED",
      identity: { key: "shop/web", resourceVersion: "7" },
      object,
    });
    const bookmark = { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } };
    assert.deepEqual(parseWatchEvent(JSON.stringify(bookmark), denied), { kind: "bookmark", resourceVersion: "9" });
  });

  it("an ERROR is the failure in its Status", () => {
    const event = parseWatchEvent(JSON.stringify({ type: "ERROR", object: { code: 410, message: "old" } }), denied);
    assert.deepEqual(event, { kind: "error", failure: { kind: "gone", message: "old" } });
    const strange = parseWatchEvent('{"type":"ERROR","object":"?"}', denied);
    assert.ok(strange.kind === "error" && strange.failure.kind === "server");
  });

  it("anything else is malformed, and says so", () => {
    const lines = [
      "",
      "null",
      "[]",
      "{",
      "{}",
      { type: "SYNC", object },
      { type: "ADDED" },
      { type: "ADDED", object: { metadata: { name: "web" } } },
      { type: "DELETED", object: { metadata: { resourceVersion: "1" } } },
      { type: "BOOKMARK", object: {} },
    ];
    assert.deepEqual([...new Set(lines.map(kindOf))], ["malformed"]);
  });
});
