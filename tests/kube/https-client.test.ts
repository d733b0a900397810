import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, describe, it, type TestContext } from "node:test";
import type { ClientLimits, KubeClient, KubeResult } from "../../src/kube/client.ts";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { jsonObject } from "../../src/kube/json.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";
import { freePort } from "../support/ports.ts";
import { waitFor } from "../support/wait.ts";
import { createAuthority, type KeyPair, type TestAuthority } from "./certificates.ts";
import { startEchoServer } from "./echo-server.ts";

let authority: TestAuthority;
let serverPair: KeyPair;
before(async () => {
  authority = await createAuthority("hotroute test CA");
  serverPair = await authority.issue("server", "IP:127.0.0.1,DNS:kubernetes.test");
});
after(() => authority.remove());

/** A client as a kubeconfig with these parts makes it. */
const clientFor = async (
  t: TestContext,
  cluster: Readonly<Record<string, unknown>>,
  user: Readonly<Record<string, unknown>> = {},
  limits: Partial<ClientLimits> = {},
): Promise<KubeClient> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-client-"));
  const path = join(folder, "config");
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(path, JSON.stringify(config));
  const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: path, PATH: "/usr/bin:/bin" }), { limits });
  t.after(async () => {
    client.close();
    await rm(folder, { recursive: true });
  });
  return client;
};

const get = (client: KubeClient, path = "/api/v1/services"): Promise<KubeResult> =>
  client.request({ method: "GET", path });

const bodyOf = (result: KubeResult) => {
  assert.ok(result.ok, JSON.stringify(result));
  const body = jsonObject(result.body);
  assert.ok(body !== null);
  return body;
};

const failureOf = (result: KubeResult) => {
  assert.ok(!result.ok, "the request succeeded");
  return result.failure;
};

describe("createKubeClient() over TLS", () => {
  it("trusts the cluster's CA and no other", async (t) => {
    const server = await startEchoServer({ key: serverPair.key, cert: serverPair.cert });
    t.after(() => server.stop());
    const other = await createAuthority("another CA");
    t.after(() => other.remove());
    const trusting = await clientFor(t, { server: server.url, "certificate-authority": authority.caPath });
    assert.equal(bodyOf(await get(trusting)).method, "GET");
    const data = Buffer.from(other.ca).toString("base64");
    const wary = await clientFor(t, { server: server.url, "certificate-authority-data": data });
    const failure = failureOf(await get(wary));
    assert.equal(failure.kind, "network");
    assert.match(failure.message, /certificate/);
    const careless = await clientFor(t, { server: server.url, "insecure-skip-tls-verify": true });
    assert.equal(bodyOf(await get(careless)).method, "GET");
  });

  it("verifies the name that tls-server-name gives", async (t) => {
    const server = await startEchoServer({ key: serverPair.key, cert: serverPair.cert });
    t.after(() => server.stop());
    const cluster = { server: server.url, "certificate-authority": authority.caPath };
    const right = await clientFor(t, { ...cluster, "tls-server-name": "kubernetes.test" });
    assert.equal(bodyOf(await get(right)).method, "GET");
    const wrong = await clientFor(t, { ...cluster, "tls-server-name": "other.test" });
    assert.equal(failureOf(await get(wrong)).kind, "network");
  });

  it("presents the client certificate, also a renewed one, without a restart", async (t) => {
    const [jane, june] = [await authority.issue("jane", "DNS:jane"), await authority.issue("june", "DNS:june")];
    const tls = { key: serverPair.key, cert: serverPair.cert, ca: authority.ca, requestCert: true };
    const server = await startEchoServer({ ...tls, rejectUnauthorized: true });
    t.after(() => server.stop());
    const folder = await mkdtemp(join(tmpdir(), "hotroute-rotated-"));
    t.after(() => rm(folder, { recursive: true }));
    const [cert, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
    const install = async (pair: KeyPair): Promise<void> => {
      await copyFile(pair.certPath, cert);
      await copyFile(pair.keyPath, key);
    };
    await install(jane);
    const cluster = { server: server.url, "certificate-authority": authority.caPath };
    const client = await clientFor(t, cluster, { "client-certificate": cert, "client-key": key });
    const names = [bodyOf(await get(client)).clientName, bodyOf(await get(client)).clientName];
    await install(june);
    names.push(bodyOf(await get(client)).clientName);
    assert.deepEqual(names, ["jane", "jane", "june"]);
    assert.deepEqual(
      server.requests.map(({ connection }) => connection),
      [1, 1, 2],
    );
  });

  it("a certificate that is no PEM is a failure, not a crash", async (t) => {
    const cluster = { server: "https://127.0.0.1:1", "certificate-authority": authority.caPath };
    const user = { "client-certificate-data": btoa("no"), "client-key-data": btoa("no") };
    assert.equal(failureOf(await get(await clientFor(t, cluster, user))).kind, "credentials");
  });
});

describe("createKubeClient()", () => {
  it("keeps one connection for many requests to a plain http server with a base path", async (t) => {
    const server = await startEchoServer(null);
    t.after(() => server.stop());
    const client = await clientFor(t, { server: `${server.url}/k8s/clusters/c-1/` }, { token: "t" });
    for (let i = 0; i < 20; i += 1) await get(client);
    assert.deepEqual([...new Set(server.requests.map(({ connection }) => connection))], [1]);
    const [first] = server.requests;
    assert.equal(first?.url, "/k8s/clusters/c-1/api/v1/services");
    assert.equal(first.headers.authorization, "Bearer t");
  });

  it("sends a body as JSON with its content type, and a query without what is undefined", async (t) => {
    const server = await startEchoServer(null);
    t.after(() => server.stop());
    const client = await clientFor(t, { server: server.url });
    const body = { reason: "Conflict – ünicode" };
    const patch = { method: "PATCH", path: "/x", contentType: "application/merge-patch+json", body } as const;
    await client.request({ ...patch, query: { fieldManager: "a b", dryRun: undefined } });
    const [request] = server.requests;
    assert.deepEqual(
      [request?.method, request?.url, request?.headers["content-type"], JSON.parse(request?.body ?? "")],
      ["PATCH", "/x?fieldManager=a+b", "application/merge-patch+json", body],
    );
  });

  it("sends a GET again when the kept connection turns out to be closed, but never a POST", async (t) => {
    const server = await startEchoServer(null);
    t.after(() => server.stop());
    // Each connection serves one request and is reset under the second.
    server.onRequest = ({ connection }, response) => {
      if (server.requests.filter((request) => request.connection === connection).length === 1) return false;
      response.socket?.resetAndDestroy();
      return true;
    };
    const client = await clientFor(t, { server: server.url });
    const connections = [bodyOf(await get(client)).connection, bodyOf(await get(client)).connection];
    assert.deepEqual(connections, [1, 2]);
    const failure = failureOf(await client.request({ method: "POST", path: "/x", body: {} }));
    assert.ok(failure.kind === "network" && failure.code === "ECONNRESET");
    assert.equal(server.requests.length, 4);
  });

  it("renews the credentials after a 401, once", async (t) => {
    const server = await startEchoServer(null);
    t.after(() => server.stop());
    server.onRequest = (_, response) => {
      response.writeHead(401).end('{"message":"Unauthorized"}');
      return true;
    };
    const client = await clientFor(t, { server: server.url }, { token: "t" });
    assert.deepEqual(failureOf(await get(client)), { kind: "unauthorized", message: "Unauthorized" });
    assert.equal(server.requests.length, 2);
  });

  it("says refused, cut, late, too large, malformed and aborted apart", async (t) => {
    const server = await startEchoServer(null);
    t.after(() => server.stop());
    const client = await clientFor(t, { server: server.url }, {}, { timeoutMs: 300, maxBodyBytes: 1000 });
    const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
      "/cut": (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => response.destroy());
      },
      "/late-head": () => {},
      "/late-body": (response) => response.write('{"a":'),
      "/large": (response) => response.end(JSON.stringify({ a: "x".repeat(2000) })),
      "/malformed": (response) => response.end("<html>"),
      "/empty": (response) => response.end(),
    };
    server.onRequest = ({ url }, response) => {
      answers[url]?.(response);
      return true;
    };
    const kinds: Record<string, string> = {};
    for (const path of Object.keys(answers)) kinds[path] = failureOf(await get(client, path)).kind;
    assert.deepEqual(kinds, {
      "/cut": "network",
      "/late-head": "timeout",
      "/late-body": "timeout",
      "/large": "tooLarge",
      "/malformed": "malformed",
      "/empty": "malformed",
    });
    const nobody = await clientFor(t, { server: `http://127.0.0.1:${await freePort()}` });
    const refused = failureOf(await get(nobody));
    assert.ok(refused.kind === "network" && refused.code === "ECONNREFUSED");
  });

  it("an aborted request fails as aborted, before and while it runs", async (t) => {
    const server = await startEchoServer(null);
    t.after(() => server.stop());
    server.onRequest = () => true;
    const client = await clientFor(t, { server: server.url });
    const controller = new AbortController();
    const request = { method: "GET", path: "/x", signal: controller.signal } as const;
    const running = client.request(request);
    await waitFor("the request", () => server.requests.length === 1);
    controller.abort();
    assert.equal(failureOf(await running).kind, "aborted");
    assert.equal(failureOf(await client.request(request)).kind, "aborted");
    assert.equal(server.requests.length, 1);
  });

  it("goes through an http proxy by CONNECT, with the token of a file", async (t) => {
    const server = await startEchoServer({ key: serverPair.key, cert: serverPair.cert });
    t.after(() => server.stop());
    const connected: string[] = [];
    const proxy = createServer();
    proxy.on("connect", (request: IncomingMessage, socket: Duplex) => {
      connected.push(request.url ?? "");
      const upstream = connect({ host: "127.0.0.1", port: Number(new URL(server.url).port) }, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      for (const side of [socket, upstream]) side.on("error", () => upstream.destroy());
    });
    const port = await freePort();
    await new Promise<void>((resolve) => proxy.listen(port, "127.0.0.1", resolve));
    t.after(() => proxy.close());
    const cluster = {
      server: server.url,
      "certificate-authority": authority.caPath,
      "proxy-url": `http://127.0.0.1:${port}`,
    };
    const tokenFolder = await mkdtemp(join(tmpdir(), "hotroute-proxy-"));
    t.after(() => rm(tokenFolder, { recursive: true }));
    const tokenFile = join(tokenFolder, "token");
    await writeFile(tokenFile, "through\n");
    const client = await clientFor(t, cluster, { tokenFile });
    const body = bodyOf(await get(client));
    assert.equal(jsonObject(body.headers)?.authorization, "Bearer through");
    assert.deepEqual(connected, [new URL(server.url).host]);
  });
});
