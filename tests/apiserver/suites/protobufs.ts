import assert from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import { test } from "node:test";
import { decodeProtobuf, PROTOBUF_TYPE } from "../../../src/apiserver/protobuf/decode.ts";
import { decode } from "../../../src/apiserver/schema/decode.ts";
import { CORE_EVENT, EVENTS_EVENT } from "../../../src/apiserver/schema/event.ts";
import { NAMESPACE } from "../../../src/apiserver/schema/namespace.ts";
import type { ObjectSchema } from "../../../src/apiserver/schema/schema.ts";
import { SERVICE } from "../../../src/apiserver/schema/service.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { call, freshNamespace } from "../servers.ts";

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
      metadata: METADATA,
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

/** What kube-apiserver writes as protobuf is what it writes as JSON: so kubectl's protobuf bodies are read right. */
export const protobufSuite = (server: () => TestApiServer): void => {
  for (const [schema, collection, body] of OBJECTS) {
    test(`decodeProtobuf() reads ${schema.name}`, async () => {
      const namespaced = schema !== NAMESPACE;
      const namespace = namespaced ? await freshNamespace(server()) : "";
      const path = collection.replace("default", namespace);
      const filled = JSON.parse(JSON.stringify(body).replaceAll('"default"', JSON.stringify(namespace)));
      const created = await call(server(), "POST", path, filled);
      assert.equal(created.status, 201, JSON.stringify(created.object));
      const { object: json } = await call(server(), "GET", `${path}/full`);
      const bytes = await fetchBytes(server(), `${path}/full`);
      const message = decodeProtobuf(schema, bytes);
      assert.deepEqual(decode(schema, String(json.kind), String(json.apiVersion), message).object, json);
    });
  }
};
