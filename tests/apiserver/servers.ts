import { after, before } from "node:test";
import { isObject, type JsonObject, parseJson } from "../../src/apiserver/json.ts";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { type KubeApiServer, kubeApiServerAvailable, startKubeApiServer } from "../support/kube-apiserver.ts";
import type { ApiRequestOptions, TestApiServer } from "../support/test-apiserver.ts";

/** One of the two servers that every suite runs against; it is started once for a test file. */
export interface ServerUnderTest {
  readonly kind: TestApiServer["kind"];
  /** Why the suite cannot run against it, or null. */
  readonly missing: string | null;
  readonly server: () => CompactableApiServer;
}

export type CompactableApiServer = EmbeddedApiServer | KubeApiServer;

/** Starts both servers before a file's tests and ends them after. */
export const serversUnderTest = (): readonly ServerUnderTest[] => {
  const available = kubeApiServerAvailable();
  const started = new Map<TestApiServer["kind"], CompactableApiServer>();
  before(async () => {
    started.set("embedded", await startEmbeddedApiServer());
    if (available === true) started.set("kube-apiserver", await startKubeApiServer());
  });
  after(async () => {
    for (const server of started.values()) await server.stop();
  });
  return (["embedded", "kube-apiserver"] as const).map((kind) => ({
    kind,
    missing: kind === "embedded" || available === true ? null : available,
    server: () => {
      const server = started.get(kind);
      if (server === undefined) throw new Error(`${kind} has not started`);
      return server;
    },
  }));
};

export interface ObjectAnswer {
  readonly status: number;
  readonly object: JsonObject;
  readonly warnings: string;
}

/** Sends a request whose answer is an object, as a client named `suite`. */
export const call = async (
  server: TestApiServer,
  method: string,
  path: string,
  body?: unknown,
  options: ApiRequestOptions = {},
): Promise<ObjectAnswer> => {
  const headers = { "user-agent": "suite/1", ...options.headers };
  const answer = await server.request(method, path, { ...options, headers, ...(body === undefined ? {} : { body }) });
  const value = parseJson(answer.body);
  const warning = answer.headers.warning;
  return {
    status: answer.status,
    object: isObject(value) ? value : {},
    warnings: typeof warning === "string" ? warning : "",
  };
};

export const MERGE = { contentType: "application/merge-patch+json" };
export const STRATEGIC = { contentType: "application/strategic-merge-patch+json" };
export const JSON_PATCH = { contentType: "application/json-patch+json" };
export const APPLY = { contentType: "application/apply-patch+yaml" };

let counter = 0;

/** Creates a namespace of its own for one test. */
export const freshNamespace = async (server: TestApiServer): Promise<string> => {
  counter += 1;
  const name = `test-${counter}`;
  const answer = await call(server, "POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  });
  if (answer.status !== 201) throw new Error(`cannot create namespace ${name}: ${JSON.stringify(answer.object)}`);
  return name;
};

/** A Service with one port, and whatever else is given. */
export const serviceBody = (name: string, metadata: JsonObject = {}, spec: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, ...metadata },
  spec: { ports: [{ name: "http", port: 80, protocol: "TCP" }], ...spec },
});

export const servicesIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/services`;
