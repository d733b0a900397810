import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get, type HttpAnswer, startNginx } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { defaultOptions, type ServedSite, serve, service, startBackend, stopBackends, subnet } from "./fixture.ts";

/** One request with a method and a body, on a connection of its own. */
const send = (
  port: number,
  options: {
    readonly host: string;
    readonly method: string;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  },
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const { host, method, body = "", headers = {} } = options;
    const sent = request(
      { host: "127.0.0.1", port, method, path: "/", headers: { host, ...headers }, agent: false },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
        answer.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });

/** A server that reads a request and never answers it. */
const startSilent = async (address: string, port: number): Promise<Server> => {
  const server = createServer((incoming) => incoming.resume());
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return server;
};

/** The lines of a log, parsed. */
const readLines = async (path: string): Promise<readonly Record<string, unknown>[]> =>
  (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A key and a certificate for one name, signed by a CA of its own. */
const makeCertificates = (folder: string, name: string): void => {
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca");
  openssl(
    "req",
    ...newKey,
    "-keyout",
    "tls.key",
    "-out",
    "tls.csr",
    "-subj",
    "/CN=x",
    "-addext",
    `subjectAltName=DNS:${name}`,
  );
  openssl(
    "x509",
    "-req",
    "-in",
    "tls.csr",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-copy_extensions",
    "copy",
    "-out",
    "tls.pem",
    "-days",
    "2",
  );
};

for (const nginx of nginxBinaries) {
  describe(`how nginx ${nginx.version} serves a route`, () => {
    const address = (index: number): string => `${subnet}.${index + 20}`;
    let folder: string;
    let site: ServedSite;
    let backendPort: number;
    const backends: Server[] = [];
    const seen = (answer: HttpAnswer) => JSON.parse(answer.body) as { url: string; headers: Record<string, string> };
    const ask = (host: string, path = "/", headers: Record<string, string> = {}) =>
      get({ port: site.port, host, path, headers });

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "hotroute-behaviour-"));
      makeCertificates(folder, "tls.default.svc");
      const port = await freePort();
      backendPort = port;
      const tlsPort = await freePort();
      backends.push(await startBackend(address(0), port));
      backends.push(await startSilent(address(1), port));
      const [key, cert] = await Promise.all([readFile(join(folder, "tls.key")), readFile(join(folder, "tls.pem"))]);
      const tls = createTlsServer({ key, cert }, (incoming, response) => {
        response.end(JSON.stringify({ url: incoming.url, headers: incoming.headers }));
      });
      await new Promise<void>((resolve) => tls.listen(tlsPort, address(2), resolve));
      backends.push(tls);
      const to = (name: string, keys: Record<string, string>, index = 0) =>
        service(name, address(index), index === 2 ? tlsPort : port, keys);
      site = await serve(
        nginx,
        [
          to("upload", { host: "upload.test", "proxy-body-size": "1k" }),
          to("large", { host: "large.test", "proxy-body-size": "0" }),
          to("slow", { host: "slow.test", "proxy-read-timeout": "200ms" }, 1),
          to("strip", { host: "strip.test", path: "/api", "strip-prefix": "true" }),
          to("strip-other", { host: "strip.test", path: "/api/x/", "path-type": "Exact" }),
          to("permanent", { host: "permanent.test", "permanent-redirect": "https://shop.example.com/new?a=b" }),
          to("temporal", { host: "temporal.test", "temporal-redirect": "https://shop.example.com" }),
          to("closed", { host: "closed.test", maintenance: "true" }),
          to("cors", {
            host: "cors.test",
            "enable-cors": "true",
            "cors-allow-origin": "https://app.test,https://*.sub.test",
          }),
          to("cors-any", { host: "any.test", "enable-cors": "true" }),
          to("inner", { host: "inner.test", "whitelist-source-range": "10.0.0.0/8" }),
          to("outer", { host: "outer.test", "denylist-source-range": "127.0.0.0/8" }),
          to("mine", { host: "mine.test", "allowlist-source-range": "127.0.0.1" }),
          to("limited", { host: "limited.test", "limit-rps": "1" }),
          to("unlimited", { host: "unlimited.test", path: "/", "limit-rps": "1000" }),
          to("busy", { host: "busy.test", "limit-connections": "1", "proxy-read-timeout": "5s" }, 1),
          to("headers", {
            host: "headers.test",
            "request-headers": '{"X-Team":"shop; a b"}',
            "response-headers": '{"X-Backend":"replaced","X-Frame-Options":"DENY"}',
          }),
          to("vhost", { host: "vhost.test", "upstream-vhost": "inner.example.com" }),
          to("tls", { host: "tls.test", "backend-protocol": "HTTPS" }, 2),
          to("stranger", { host: "stranger.test", "backend-protocol": "HTTPS" }, 2),
        ],
        { upstreamCaFile: join(folder, "ca.pem") },
      );
    });
    after(async () => {
      await site?.server.stop();
      stopBackends(backends);
      await rm(folder, { recursive: true, force: true });
    });

    it("proxy-body-size: 413 above it, 0 for no limit", async () => {
      const post = (host: string, length: number) =>
        send(site.port, { host, method: "POST", body: "x".repeat(length) });
      assert.equal((await post("upload.test", 1024)).status, 200);
      assert.equal((await post("upload.test", 1025)).status, 413);
      assert.equal((await post("large.test", 2_000_000)).status, 200);
      assert.equal((await post("headers.test", 2_000_000)).status, 413, "1m where it is not set");
    });

    it("proxy-read-timeout: 504 after it", async () => {
      assert.equal((await ask("slow.test")).status, 504);
    });

    it("strip-prefix: the backend sees the path without it, and the query as it came", async () => {
      const path = async (asked: string) => seen(await ask("strip.test", asked)).url;
      assert.equal(await path("/api"), "/");
      assert.equal(await path("/api/"), "/");
      assert.equal(await path("/api/a/b/?q=%20&r=/api/"), "/a/b/?q=%20&r=/api/");
      assert.equal(await path("/api?x=1"), "/?x=1");
      assert.equal(await path("/api/x"), "/x");
      assert.equal(await path("/api/x/"), "/api/x/", "another Service's route keeps its path");
      assert.equal(await path("/api/a%2Fb"), "/a/b", "an encoded slash reaches the backend decoded");
      assert.equal((await ask("strip.test", "/apix")).status, 404);
    });

    it("permanent-redirect and temporal-redirect: 301 and 302 to the parsed URL", async () => {
      const permanent = await ask("permanent.test", "/whatever?x=1");
      assert.equal(permanent.status, 301);
      assert.equal(permanent.headers.location, "https://shop.example.com/new?a=b");
      const temporal = await ask("temporal.test");
      assert.equal(temporal.status, 302);
      assert.equal(temporal.headers.location, "https://shop.example.com/");
    });

    it("maintenance: 503 with Retry-After", async () => {
      const answer = await ask("closed.test", "/any");
      assert.equal(answer.status, 503);
      assert.equal(answer.headers["retry-after"], "120");
    });

    it("enable-cors: nginx answers a preflight, the backend everything else", async () => {
      const preflight = (host: string, origin: string) =>
        send(site.port, { host, method: "OPTIONS", headers: { origin, "access-control-request-method": "PUT" } });
      const allowed = await preflight("cors.test", "https://app.test");
      assert.equal(allowed.status, 204);
      assert.equal(allowed.headers["access-control-allow-origin"], "https://app.test");
      assert.equal(allowed.headers["access-control-allow-credentials"], "true");
      assert.match(String(allowed.headers["access-control-allow-methods"]), /PUT/);
      assert.equal(allowed.headers["access-control-max-age"], "1728000");
      assert.equal(
        (await preflight("cors.test", "https://a.sub.test")).headers["access-control-allow-origin"],
        "https://a.sub.test",
      );
      for (const origin of [
        "https://evil.test",
        "https://app.test.evil.test",
        "https://sub.test",
        "https://a.b.sub.test",
        "http://app.test",
        "null",
      ]) {
        assert.equal((await preflight("cors.test", origin)).headers["access-control-allow-origin"], undefined, origin);
      }
      const simple = await ask("cors.test", "/", { origin: "https://app.test" });
      assert.equal(seen(simple).url, "/");
      assert.equal(simple.headers["access-control-allow-origin"], "https://app.test");
      assert.match(String(simple.headers.vary), /Origin/);
      const plainOptions = await send(site.port, { host: "cors.test", method: "OPTIONS" });
      assert.equal(seen(plainOptions).headers.host, "cors.test", "an OPTIONS that is no preflight is the backend's");
      const any = await preflight("any.test", "https://whoever.test");
      assert.equal(any.headers["access-control-allow-origin"], "*");
      assert.equal(any.headers["access-control-allow-credentials"], undefined);
    });

    it("source ranges: 403 for who is not allowed, or denied", async () => {
      assert.equal((await ask("inner.test")).status, 403);
      assert.equal((await ask("inner.test", "/", { "x-forwarded-for": "10.0.0.1" })).status, 403);
      assert.equal((await ask("outer.test")).status, 403);
      assert.equal((await ask("mine.test")).status, 200);
    });

    it("limit-rps: 429 above the burst, for that route alone", async () => {
      const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await ask("limited.test")).status));
      assert.ok(statuses.filter((status) => status === 200).length >= 6, statuses.join());
      assert.ok(statuses.includes(429), statuses.join());
      assert.equal((await ask("unlimited.test")).status, 200);
    });

    it("limit-connections: 429 above it", async () => {
      const first = request({
        host: "127.0.0.1",
        port: site.port,
        path: "/",
        headers: { host: "busy.test" },
        agent: false,
      });
      first.on("error", () => undefined);
      first.end();
      const deadline = Date.now() + 4000;
      let status = 0;
      while (status !== 429 && Date.now() < deadline) {
        const probe = ask("busy.test").then((answer) => answer.status);
        status = await Promise.race([probe, new Promise<number>((resolve) => setTimeout(resolve, 200, 0))]);
      }
      first.destroy();
      assert.equal(status, 429);
    });

    it("request-headers and response-headers: added, and replaced where the backend sets them", async () => {
      const answer = await ask("headers.test");
      assert.equal(answer.headers["x-backend"], "replaced");
      assert.equal(answer.headers["x-frame-options"], "DENY");
      assert.equal(seen(answer).headers["x-team"], "shop; a b");
      assert.equal(seen(answer).headers["x-forwarded-for"], "127.0.0.1", "the others are still set");
    });

    it("upstream-vhost: the Host header that the backend sees", async () => {
      const { headers } = seen(await ask("vhost.test"));
      assert.equal(headers.host, "inner.example.com");
      assert.equal(headers["x-forwarded-host"], "vhost.test");
    });

    it("the access log: one line of JSON a request, whatever it held", async () => {
      const { text } = configure([service("logged", address(0), backendPort, { host: "logged.test" })], {
        ...defaultOptions,
        accessLog: "json",
      });
      const port = await freePort();
      const log = join(folder, `access-${nginx.version}.log`);
      const logged = text.replaceAll("/dev/stdout", log).replaceAll("listen 8080", `listen 127.0.0.1:${port}`);
      const server = await startNginx(nginx, logged, port);
      await get({
        port,
        host: "logged.test",
        path: '/a?b="c"',
        headers: { "user-agent": 'x"\\y', referer: "http://r/" },
      });
      await get({ port, host: "nobody.test", path: "/" });
      await server.stop();
      const lines = await readLines(log);
      const line = lines.find(({ host }) => host === "logged.test");
      assert.equal(line?.upstream, `logged.default.${String(backendPort)}`);
      assert.equal(line?.path, '/a?b="c"');
      assert.equal(line?.status, 200);
      assert.equal(line?.userAgent, 'x"\\y');
      assert.match(String(line?.requestId), /^[0-9a-f]{32}$/);
      assert.equal(typeof line?.seconds, "number");
      const unrouted = lines.find(({ host }) => host === "nobody.test");
      assert.equal(unrouted?.status, 404);
      assert.equal(unrouted?.upstream, "");
    });

    it("backend-protocol HTTPS: encrypted, and the certificate checked against the Service's name", async () => {
      assert.equal(seen(await ask("tls.test", "/x")).url, "/x");
      assert.equal((await ask("stranger.test")).status, 502, "a certificate for another name is refused");
    });
  });
}
