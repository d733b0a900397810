import assert from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import { test } from "node:test";
import { isObject, parseJson, without } from "../../src/apiserver/json.ts";
import { decodeProtobuf, PROTOBUF_TYPE } from "../../src/apiserver/protobuf/decode.ts";
import { readFields, stringField } from "../../src/apiserver/protobuf/wire.ts";
import { decode } from "../../src/apiserver/schema/decode.ts";
import { CORE_EVENT, EVENTS_EVENT } from "../../src/apiserver/schema/event.ts";
import { NAMESPACE } from "../../src/apiserver/schema/namespace.ts";
import type { ObjectSchema } from "../../src/apiserver/schema/schema.ts";
import { SERVICE } from "../../src/apiserver/schema/service.ts";
import { kubeApiServerAvailable, startKubeApiServer } from "../support/kube-apiserver.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { call } from "./servers.ts";

const fetchBytes = (server: TestApiServer, path: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const headers = { accept: PROTOBUF_TYPE, authorization: `Bearer ${server.token}` };
    const sent = httpsRequest(`${server.url}${path}`, { headers, agent: false, ca: server.caPem ?? "" }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(Buffer.concat(chunks)));
    });
    sent.on("error", reject);
    sent.end();
  });

const METADATA = {
  name: "full",
  labels: { a: "1", b: "2" },
  annotations: { x: "y" },
  finalizers: ["example.com/hold"],
  ownerReferences: [{ apiVersion: "v1", kind: "Service", name: "o", uid: "u", controller: true }],
};

const REFERENCE = {
  kind: "Service",
  namespace: "default",
  name: "shop",
  uid: "u",
  apiVersion: "v1",
  fieldPath: "spec",
};

const OBJECTS: readonly (readonly [ObjectSchema, string, Record<string, unknown>])[] = [
  [
    SERVICE,
    "/api/v1/namespaces/default/services",
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: METADATA,
      spec: {
        type: "LoadBalancer",
        selector: { app: "x" },
        externalIPs: ["192.0.2.1"],
        loadBalancerIP: "192.0.2.9",
        loadBalancerSourceRanges: ["192.0.2.0/24"],
        externalTrafficPolicy: "Local",
        publishNotReadyAddresses: true,
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
        ports: [
          { name: "a", port: 80, targetPort: "http", appProtocol: "http" },
          { name: "b", port: 81, targetPort: 8081 },
        ],
      },
    },
  ],
  [NAMESPACE, "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: METADATA }],
  [
    CORE_EVENT,
    "/api/v1/namespaces/default/events",
    {
      apiVersion: "v1",
      kind: "Event",
      metadata: METADATA,
      involvedObject: REFERENCE,
      related: REFERENCE,
      reason: "R",
      message: "m",
      source: { component: "c", host: "h" },
      firstTimestamp: "2024-01-01T00:00:00Z",
      lastTimestamp: "2024-01-02T00:00:00Z",
      count: 7,
      type: "Normal",
    },
  ],
  [
    EVENTS_EVENT,
    "/apis/events.k8s.io/v1/namespaces/default/events",
    {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { ...METADATA, name: "newer" },
      regarding: REFERENCE,
      reason: "R",
      action: "A",
      note: "n",
      type: "Warning",
      reportingController: "example.com/c",
      reportingInstance: "i",
      eventTime: "2024-01-01T00:00:00.123456Z",
      series: { count: 2, lastObservedTime: "2024-01-01T00:00:01.000001Z" },
    },
  ],
];

test("decodeProtobuf() reads what kube-apiserver writes as the JSON that it writes", async (t) => {
  const available = kubeApiServerAvailable();
  if (available !== true) {
    t.skip(available);
    return;
  }
  const server = await startKubeApiServer();
  t.after(() => server.stop());
  for (const [schema, path, body] of OBJECTS) {
    const created = await call(server, "POST", path, body);
    assert.equal(created.status, 201, JSON.stringify(created.object));
    const name = schema === EVENTS_EVENT ? "newer" : "full";
    const bytes = await fetchBytes(server, `${path}/${name}`);
    const json = parseJson((await server.request("GET", `${path}/${name}`)).body);
    assert.ok(isObject(json));
    const { object } = decode(schema, String(json.kind), String(json.apiVersion), decodeProtobuf(schema, bytes));
    assert.deepEqual(object, without(json, "nothing"));
  }
});

test("decodeProtobuf() refuses what is cut short or lacks its prefix", () => {
  assert.throws(() => decodeProtobuf(SERVICE, Buffer.from("{}")), SyntaxError);
  assert.throws(() => decodeProtobuf(SERVICE, Buffer.from("k8s\0\x0a\xff", "latin1")), SyntaxError);
});

test("readFields() reads strings and refuses a field that is longer than its message", () => {
  assert.deepEqual(readFields(stringField(3, "ab")), [[3, Buffer.from("ab")]]);
  assert.throws(() => readFields(stringField(3, "ab").subarray(0, 3)), RangeError);
  assert.throws(() => readFields(Buffer.from([0x08, 0xff])), RangeError);
});
