import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, get as httpGet } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { listAt, objectAt, stringAt } from "../../src/apiserver/json.ts";
import type { ApiServerOptions } from "../../src/apiserver/server.ts";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";
import { createAuthority } from "../kube/certificates.ts";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { kubectlAvailable, kubectlFor } from "../support/kubectl.ts";
import { waitFor } from "../support/wait.ts";
import { call, MERGE, serviceBody, servicesIn } from "./servers.ts";
import { openWatch } from "./watch-stream.ts";

/* What only newer servers than 1.20 do, and what a test can only see from within one process. */

const start = async (t: TestContext, options: Partial<ApiServerOptions> = {}): Promise<EmbeddedApiServer> => {
  const server = await startEmbeddedApiServer(options);
  t.after(() => server.stop());
  return server;
};

const SERVICES = servicesIn("default");

test("a request without the token gets 401, one with it is served", async (t) => {
  const server = await start(t, { token: "secret" });
  assert.equal((await call(server, "GET", SERVICES)).status, 200);
  for (const authorization of ["", "Bearer wrong", "Basic secret"]) {
    const { status, object } = await call(server, "GET", SERVICES, undefined, { headers: { authorization } });
    assert.deepEqual([status, object.reason], [401, "Unauthorized"], authorization);
  }
  assert.equal((await server.request("GET", "/readyz", { headers: { authorization: "" } })).status, 200);
});

test("with a certificate and a token, kubectl reaches it by the kubeconfig", async (t) => {
  const available = kubectlAvailable();
  if (available !== true) {
    t.skip(available);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "hotroute-tls-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [keyPath, certPath] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=hotroute", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", keyPath, "-out", certPath, ...subject],
    { encoding: "utf8" },
  );
  if (made.status !== 0) {
    t.skip("no openssl to make a certificate");
    return;
  }
  const tls = { key: await readFile(keyPath, "utf8"), cert: await readFile(certPath, "utf8") };
  const server = await start(t, { tls, token: "secret" });
  const kubectl = kubectlFor(server.kubeconfigPath);
  t.after(kubectl.dispose);
  const { code, stdout, stderr } = await kubectl(["get", "services", "-o", "name"]);
  assert.deepEqual([code, stdout], [0, "service/kubernetes\n"], stderr);
});

test("the kubeconfig works for the project's own client", async (t) => {
  const server = await start(t);
  const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: server.kubeconfigPath }));
  t.after(() => client.close());
  assert.ok(client);
});

test("sendInitialEvents tells what is there and marks its end with an annotated bookmark", async (t) => {
  const server = await start(t);
  await call(server, "POST", SERVICES, serviceBody("a"));
  const query =
    "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=60";
  const stream = await openWatch(server, `${SERVICES}?${query}`);
  t.after(stream.stop);
  await waitFor("the initial events", () => stream.events.length >= 3);
  assert.deepEqual(
    stream.events.map((event) => stringAt(event, "type")),
    ["ADDED", "ADDED", "BOOKMARK"],
  );
  const metadata = objectAt(objectAt(stream.events[2], "object"), "metadata");
  assert.deepEqual(metadata.annotations, { "k8s.io/initial-events-end": "true" });
  assert.equal(stringAt(metadata, "resourceVersion"), String(server.server.revision()));
  await call(server, "POST", SERVICES, serviceBody("b"));
  await waitFor("a later change", () => stream.events.length >= 4);
  const wrong = await call(server, "GET", `${SERVICES}?watch=1&sendInitialEvents=true`);
  assert.equal(wrong.status, 422);
});

test("bookmarks come at the interval that was set", async (t) => {
  const server = await start(t, { bookmarkMs: 20 });
  const stream = await openWatch(
    server,
    `${SERVICES}?watch=1&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=60`,
  );
  t.after(stream.stop);
  const bookmarks = (): number => stream.events.filter((event) => stringAt(event, "type") === "BOOKMARK").length;
  await waitFor("three bookmarks", () => bookmarks() >= 3);
});

test("fieldValidation refuses, warns of or ignores members that are unknown or there twice", async (t) => {
  const server = await start(t);
  const body =
    '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","name":"a"},"spec":{"ports":[{"port":80,"extra":1}]}}';
  const strict = await call(server, "POST", `${SERVICES}?fieldValidation=Strict`, body);
  assert.equal(strict.status, 400);
  assert.match(
    stringAt(strict.object, "message"),
    /unknown field "spec\.ports\[0\]\.extra", duplicate field "metadata\.name"/,
  );
  const warned = await call(server, "POST", `${SERVICES}?fieldValidation=Warn`, body);
  assert.equal(warned.status, 201);
  assert.match(warned.warnings, /^299 - "unknown field \\"spec\.ports\[0\]\.extra\\""/);
  const ignored = await call(server, "PATCH", `${SERVICES}/a?fieldValidation=Ignore`, { spec: { nonsense: 1 } }, MERGE);
  assert.deepEqual([ignored.status, ignored.warnings], [200, ""]);
  assert.equal((await call(server, "POST", `${SERVICES}?fieldValidation=Maybe`, body)).status, 422);
});

test("a Service may be replaced without its resourceVersion and address", async (t) => {
  const server = await start(t);
  const { object } = await call(server, "POST", SERVICES, serviceBody("a"));
  const replaced = await call(server, "PUT", `${SERVICES}/a`, serviceBody("a", { labels: { x: "1" } }));
  assert.equal(replaced.status, 200, JSON.stringify(replaced.object));
  assert.equal(objectAt(replaced.object, "spec").clusterIP, objectAt(object, "spec").clusterIP);
});

test("a watcher that does not read is cut off, and the server keeps no more of its events", async (t) => {
  const server = await start(t, { watchBacklogBytes: 64 * 1024 });
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  socket.write(`GET ${SERVICES}?watch=1&resourceVersion=1 HTTP/1.1\r\nHost: x\r\n\r\n`);
  await waitFor("the watch", () => server.server.watchCount() === 1);
  socket.pause();
  await call(server, "POST", SERVICES, serviceBody("big", { annotations: { a: "x".repeat(200_000) } }));
  let round = 0;
  await waitFor("the watch to be cut off", async () => {
    round += 1;
    await call(server, "PATCH", `${SERVICES}/big`, { metadata: { annotations: { round: String(round) } } }, MERGE);
    return server.server.watchCount() === 0;
  });
});

test("history is bounded: a watch that is too far behind gets 410", async (t) => {
  const server = await start(t, { compactAfter: 5 });
  await call(server, "POST", SERVICES, serviceBody("a"));
  for (let round = 0; round < 12; round += 1) {
    await call(server, "PATCH", `${SERVICES}/a`, { metadata: { labels: { round: `r${round}` } } }, MERGE);
  }
  const stream = await openWatch(server, `${SERVICES}?watch=1&resourceVersion=3`);
  await waitFor("the end of the watch", stream.ended);
  assert.equal(objectAt(stream.events[0], "object").code, 410);
  const recent = await openWatch(server, `${SERVICES}?watch=1&resourceVersion=${server.server.revision() - 2}`);
  t.after(recent.stop);
  await waitFor("the last two changes", () => recent.events.length === 2);
});

test("a deleted namespace goes with its content, and waits for finalizers in it", async (t) => {
  const server = await start(t);
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "gone" } };
  await call(server, "POST", "/api/v1/namespaces", namespace);
  await call(server, "POST", servicesIn("gone"), serviceBody("free"));
  await call(server, "POST", servicesIn("gone"), serviceBody("held", { finalizers: ["example.com/hold"] }));
  const deleted = await call(server, "DELETE", "/api/v1/namespaces/gone");
  assert.deepEqual([deleted.status, objectAt(deleted.object, "status").phase], [200, "Terminating"]);
  const left = async (): Promise<boolean> =>
    listAt((await call(server, "GET", servicesIn("gone"))).object, "items").length === 1;
  await waitFor("the free Service to go", left);
  assert.equal((await call(server, "POST", servicesIn("gone"), serviceBody("late"))).status, 403);
  await call(server, "PATCH", `${servicesIn("gone")}/held`, { metadata: { finalizers: null } }, MERGE);
  await waitFor(
    "the namespace to go",
    async () => (await call(server, "GET", "/api/v1/namespaces/gone")).status === 404,
  );
});

test("requests on one connection follow each other, also after an error", async (t) => {
  const server = await start(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const get = (path: string): Promise<{ status: number; port: number }> =>
    new Promise((resolve, reject) => {
      httpGet(`${server.url}${path}`, { agent }, (answer) => {
        const port = answer.socket.localPort ?? 0;
        answer.resume().on("end", () => resolve({ status: answer.statusCode ?? 0, port }));
      }).on("error", reject);
    });
  const [first, second, third] = [
    await get(SERVICES),
    await get("/api/v1/nothing"),
    await get(`${SERVICES}/kubernetes`),
  ];
  assert.deepEqual([first.status, second.status, third.status], [200, 404, 200]);
  assert.equal(new Set([first.port, second.port, third.port]).size, 1);
});

test("stop ends watches and idle connections at once", async () => {
  const server = await startEmbeddedApiServer();
  const stream = await openWatch(server, `${SERVICES}?watch=1`);
  await waitFor("the first event", () => stream.events.length > 0);
  await server.stop();
  await waitFor("the end of the watch", stream.ended);
  await assert.rejects(server.request("GET", "/readyz"));
});

test("stop ends a connection that never came to a TLS handshake", async (t) => {
  const authority = await createAuthority("hotroute test");
  t.after(() => authority.remove());
  const { key, cert } = await authority.issue("apiserver", "IP:127.0.0.1");
  const server = await startEmbeddedApiServer({ tls: { key, cert, ca: authority.ca } });
  const socket = connect(server.server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  // The server learns of a connection a moment after its client does: an answer on a later one comes after that.
  assert.equal((await server.request("GET", "/readyz")).status, 200);
  await server.stop();
  await closed;
});

test("a member named __proto__ reaches no object", async (t) => {
  const server = await start(t);
  const body =
    '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","labels":{"__proto__":"x"}},"spec":{"ports":[{"port":80}]}}';
  const { status, object } = await call(server, "POST", SERVICES, body);
  assert.deepEqual([status, objectAt(objectAt(object, "metadata"), "labels")], [201, {}]);
  const patch = '{"metadata":{"labels":{"__proto__":{"polluted":"yes"}}}}';
  assert.equal((await call(server, "PATCH", `${SERVICES}/a`, patch, MERGE)).status, 200);
  assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
});

test("startApiServer() refuses a range that is none", async () => {
  for (const serviceClusterIpRange of ["nonsense", "127.96.0.0/33", "::1/64", "127.96.0.0"]) {
    await assert.rejects(startEmbeddedApiServer({ serviceClusterIpRange }), RangeError);
  }
});

test("a full range of addresses refuses the next Service, and a freed one serves it", async (t) => {
  const server = await start(t, { serviceClusterIpRange: "127.96.0.0/30" });
  assert.equal((await call(server, "POST", SERVICES, serviceBody("a"))).status, 201);
  const full = await call(server, "POST", SERVICES, serviceBody("b"));
  assert.equal(full.status, 500);
  assert.match(stringAt(full.object, "message"), /range is full/);
  await call(server, "DELETE", `${SERVICES}/a`);
  assert.equal((await call(server, "POST", SERVICES, serviceBody("b"))).status, 201);
});
