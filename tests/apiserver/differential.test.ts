import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  parseJson,
  stringAt,
} from "../../src/apiserver/json.ts";
import { startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { kubeApiServerAvailable, startKubeApiServer } from "../support/kube-apiserver.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { normalize, normalizeBody } from "./normalize.ts";
import { createRandom } from "./random.ts";
import { type PlannedRequest, planRequest } from "./random-requests.ts";
import { openWatch, type WatchStream } from "./watch-stream.ts";

const REQUESTS = Number(process.env.HOTROUTE_DIFFERENTIAL_REQUESTS ?? 300);
const SEED = Number(process.env.HOTROUTE_DIFFERENTIAL_SEED ?? Date.now() % 2 ** 31);

interface Outcome {
  readonly status: number;
  readonly body: Json;
}

const fill = (value: Json, subject: JsonObject): Json => {
  const metadata = objectAt(subject, "metadata");
  const address = stringAt(objectAt(subject, "spec"), "clusterIP");
  const text = JSON.stringify(value)
    .replaceAll('"$RV"', JSON.stringify(stringAt(metadata, "resourceVersion") || "1"))
    .replaceAll('"$UID"', JSON.stringify(stringAt(metadata, "uid") || "none"))
    .replaceAll('"$IP"', address === "" ? "null" : JSON.stringify(address));
  return parseJson(text);
};

const send = async (server: TestApiServer, planned: PlannedRequest): Promise<Outcome> => {
  const { method, path, body, contentType, subject } = planned;
  const found = subject === undefined ? null : await server.request("GET", subject);
  const own = found?.status === 200 ? parseJson(found.body) : {};
  const filled = body === undefined || typeof body === "string" ? body : fill(body, isObject(own) ? own : {});
  const options = {
    headers: { "user-agent": "differential/1" },
    ...(filled === undefined ? {} : { body: filled }),
    ...(contentType === undefined ? {} : { contentType }),
  };
  const answer = await server.request(method, path, options);
  // Of a deletion older servers answer a Status where newer ones answer the object.
  if (method === "DELETE" && answer.status === 200) return { status: 200, body: null };
  return { status: answer.status, body: normalizeBody(parseJson(answer.body)) };
};

/** The events without bookmarks, in order. */
const eventsOf = (stream: WatchStream): Json => stream.events.map(normalize);

const MARKER = "last-of-all";

const markEnd = async (server: TestApiServer): Promise<void> => {
  const metadata = { name: MARKER, labels: { tier: "web" } };
  const body = { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } };
  const headers = { "user-agent": "differential/1" };
  const answer = await server.request("POST", "/api/v1/namespaces/default/services", { body, headers });
  assert.equal(answer.status, 201, answer.body);
};

const sawEnd = (stream: WatchStream): boolean =>
  stream.events.some((event) => stringAt(objectAt(objectAt(event, "object"), "metadata"), "name") === MARKER);

const WATCHES = [
  "/api/v1/namespaces/default/services",
  "/api/v1/services?labelSelector=tier%3Dweb",
  "/api/v1/services?labelSelector=tier",
];

const watchesFromNow = async (server: TestApiServer): Promise<readonly WatchStream[]> => {
  const list = await server.request("GET", "/api/v1/services");
  const revision = stringAt(objectAt(parseJson(list.body), "metadata"), "resourceVersion");
  const query = `watch=true&resourceVersion=${revision}&timeoutSeconds=300`;
  return Promise.all(WATCHES.map((path) => openWatch(server, `${path}${path.includes("?") ? "&" : "?"}${query}`)));
};

const describe = (planned: PlannedRequest): string =>
  `${planned.method} ${planned.path} ${planned.contentType ?? ""} ${JSON.stringify(planned.body)}`;

test("the embedded server answers a random run of requests as kube-apiserver does", async (t) => {
  const available = kubeApiServerAvailable();
  if (available !== true) {
    t.skip(available);
    return;
  }
  t.diagnostic(`seed ${SEED}, ${REQUESTS} requests: repeat with HOTROUTE_DIFFERENTIAL_SEED=${SEED}`);
  const servers = await Promise.all([startEmbeddedApiServer(), startKubeApiServer()]);
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  const [embedded, real] = servers;
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "second" } };
  for (const server of servers) await server.request("POST", "/api/v1/namespaces", { body: namespace });
  const streams = await Promise.all(servers.map(watchesFromNow));
  const random = createRandom(SEED);
  for (let index = 0; index < REQUESTS; index += 1) {
    const planned = planRequest(random);
    const [ours, theirs] = await Promise.all([send(embedded, planned), send(real, planned)]);
    assert.deepEqual(ours, theirs, `request ${index} of seed ${SEED}: ${describe(planned)}`);
  }
  for (const server of servers) await markEnd(server);
  for (const stream of streams.flat()) await waitFor("the last event of a watch", () => sawEnd(stream));
  for (const stream of streams.flat()) stream.stop();
  const [ours, theirs] = streams.map((each) => each.map(eventsOf));
  assert.deepEqual(ours, theirs, `watches of seed ${SEED}`);
  assert.ok(listAt({ ours: ours ?? [] }, "ours").length === WATCHES.length);
});
