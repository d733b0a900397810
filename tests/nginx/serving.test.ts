import assert from "node:assert/strict";
import { request, type Server } from "node:http";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { parseCidr } from "../../src/routes/values/cidr.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get, type HttpAnswer } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { type ServedSite, serve, service, startBackend, stopBackends, subnet } from "./fixture.ts";

/** The examples of the Ingress documentation (path types): path type, path, request path, and whether it matches. */
const ingressTable: readonly (readonly ["Prefix" | "Exact", string, string, boolean])[] = [
  ["Prefix", "/", "/any/path", true],
  ["Exact", "/foo", "/foo", true],
  ["Exact", "/foo", "/bar", false],
  ["Exact", "/foo", "/foo/", false],
  ["Exact", "/foo/", "/foo", false],
  ["Prefix", "/foo", "/foo", true],
  ["Prefix", "/foo", "/foo/", true],
  ["Prefix", "/foo/", "/foo", true],
  ["Prefix", "/foo/", "/foo/", true],
  ["Prefix", "/aaa/bb", "/aaa/bbb", false],
  ["Prefix", "/aaa/bbb", "/aaa/bbb", true],
  ["Prefix", "/aaa/bbb/", "/aaa/bbb", true],
  ["Prefix", "/aaa/bbb", "/aaa/bbb/", true],
  ["Prefix", "/aaa/bbb", "/aaa/bbb/ccc", true],
  ["Prefix", "/aaa/bbb", "/aaa/bbbxyz", false],
];

/** The rows with several paths: host, request path, and who answers. */
const overlaps: readonly (readonly [string, string, string | null])[] = [
  ["p.example.com", "/aaa/ccc", "slash"],
  ["p.example.com", "/aaa/bbb", "aaa-bbb"],
  ["p.example.com", "/ccc", "slash"],
  ["q.example.com", "/ccc", null],
  ["q.example.com", "/aaa", "only-aaa"],
  ["e.example.com", "/foo", "exact-foo"],
  ["e.example.com", "/foo/", "prefix-foo"],
  ["e.example.com", "/foo/bar", "prefix-foo"],
];

/** Sends bytes as they are, and reads until the server closes. */
const raw = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setTimeout(5000, () => socket.destroy(new Error(`no end of the answer: ${answer}`)));
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });

for (const nginx of nginxBinaries) {
  describe(`default.conf served by nginx ${nginx.version}`, () => {
    const names = [
      "slash",
      "aaa",
      "aaa-bbb",
      "only-aaa",
      "exact-foo",
      "prefix-foo",
      "wild",
      "wild-deep",
      "anywhere",
      "fallback",
    ];
    const address = (name: string): string => `${subnet}.${names.indexOf(name) + 1}`;
    const nameOf = (answer: HttpAnswer): string | null => {
      const at = String(answer.headers["x-backend"] ?? "")
        .split(".")
        .pop();
      return at === undefined || at === "" ? null : (names[Number(at) - 1] ?? null);
    };
    let port: number;
    let plain: ServedSite;
    let trusting: ServedSite;
    const backends: Server[] = [];
    const ask = async (host: string, path: string, headers: Record<string, string> = {}) =>
      get({ port, host, path, headers });

    before(async () => {
      const backendPort = await freePort();
      for (const name of names) backends.push(await startBackend(address(name), backendPort));
      const to = (name: string, annotations: Record<string, string>): ServiceRecord =>
        service(name, address(name), backendPort, annotations);
      const services = [
        ...ingressTable.map(([type, path], row) =>
          service(`row-${row}`, address("slash"), backendPort, {
            host: `row${row}.example.com`,
            path,
            "path-type": type,
          }),
        ),
        to("slash", { host: "p.example.com" }),
        to("aaa", { host: "other.example.com", path: "/aaa" }),
        to("aaa-bbb", { host: "p.example.com", path: "/aaa/bbb" }),
        to("only-aaa", { host: "q.example.com", path: "/aaa" }),
        to("exact-foo", { host: "e.example.com", path: "/foo", "path-type": "Exact" }),
        to("prefix-foo", { host: "e.example.com", path: "/foo" }),
        to("wild", { host: "*.wild.example.com" }),
        to("wild-deep", { host: "*.deep.wild.example.com,exact.wild.example.com" }),
        to("anywhere", { path: "/anywhere" }),
      ];
      plain = await serve(nginx, services);
      port = plain.port;
      const loopback = parseCidr("127.0.0.0/8");
      assert.ok(loopback !== null);
      const fallback = to("fallback", { "default-backend": "true" });
      trusting = await serve(nginx, [...services, fallback], { trustedProxies: [loopback] });
    });
    after(async () => {
      await plain?.server.stop();
      await trusting?.server.stop();
      stopBackends(backends);
    });

    ingressTable.forEach(([type, path, asked, isMatch], row) => {
      it(`${type} ${path} ${isMatch ? "takes" : "leaves"} ${asked}`, async () => {
        const answer = await ask(`row${row}.example.com`, asked);
        assert.equal(answer.status, isMatch ? 200 : 404);
      });
    });

    for (const [host, path, wanted] of overlaps) {
      it(`${host}${path} is answered by ${wanted ?? "nobody"}`, async () => {
        const answer = await ask(host, path);
        assert.equal(answer.status, wanted === null ? 404 : 200);
        assert.equal(nameOf(answer), wanted);
      });
    }

    it("a wildcard takes one label, and an exact host comes before it", async () => {
      assert.equal(nameOf(await ask("a.wild.example.com", "/")), "wild");
      assert.equal(nameOf(await ask("A.Wild.Example.COM:8080", "/")), "wild");
      assert.equal(nameOf(await ask("exact.wild.example.com", "/")), "wild-deep");
      assert.equal(nameOf(await ask("a.deep.wild.example.com", "/")), "wild-deep");
      assert.equal((await ask("a.b.wild.example.com", "/")).status, 404);
      assert.equal((await ask("wild.example.com", "/")).status, 404);
      assert.equal((await ask("*.wild.example.com", "/")).status, 404);
    });

    it("what no host takes goes to the routes without a host, else to 404", async () => {
      assert.equal(nameOf(await ask("unknown.example.com", "/anywhere/x")), "anywhere");
      assert.equal((await ask("unknown.example.com", "/")).status, 404);
      assert.equal((await ask("unknown.example.com", "/anywhere-else")).status, 404);
    });

    it("the default backend takes what is left, on known hosts too", async () => {
      const other = async (host: string, path: string) => nameOf(await get({ port: trusting.port, host, path }));
      assert.equal(await other("unknown.example.com", "/"), "fallback");
      assert.equal(await other("q.example.com", "/ccc"), "fallback");
      assert.equal(await other("row4.example.com", "/foo"), "fallback");
      assert.equal(await other("q.example.com", "/aaa/x"), "only-aaa");
    });

    it("passes the path and the query as they came", async () => {
      const raw = "/a%2Fb/%C3%A9;x=1//y?q=%20&r=a+b";
      const { body } = await ask("p.example.com", raw);
      assert.equal(JSON.parse(body).url, raw);
    });

    it("sets the forwarded headers, and overwrites what a client sent", async () => {
      const spoofed = {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example.com",
        "x-forwarded-port": "666",
        "x-real-ip": "6.6.6.6",
        "x-request-id": "mine",
        forwarded: "for=6.6.6.6",
        proxy: "evil:80",
        "x-forwarded-scheme": "https",
        "x-scheme": "https",
        "x-forwarded-ssl": "on",
        "x-forwarded-prefix": "/evil",
        "x-forwarded-server": "evil",
        "x-original-url": "/admin",
        "x-rewrite-url": "/admin",
      };
      const { headers } = JSON.parse((await ask("p.example.com:8443", "/", spoofed)).body);
      assert.equal(headers.host, "p.example.com");
      assert.equal(headers["x-forwarded-for"], "127.0.0.1");
      assert.equal(headers["x-forwarded-proto"], "http");
      assert.equal(headers["x-forwarded-host"], "p.example.com");
      assert.equal(headers["x-forwarded-port"], "8443");
      assert.equal(headers["x-real-ip"], "127.0.0.1");
      assert.match(headers["x-request-id"], /^[0-9a-f]{32}$/);
      assert.equal(headers["x-forwarded-scheme"], "http");
      assert.equal(headers["x-scheme"], "http");
      const gone = ["forwarded", "proxy", "x-forwarded-ssl", "x-forwarded-prefix", "x-forwarded-server"];
      for (const name of [...gone, "x-original-url", "x-rewrite-url"]) assert.equal(headers[name], undefined, name);
    });

    it("believes the forwarded headers of a trusted proxy, as far as they are well-formed", async () => {
      const asked = async (headers: Record<string, string>) =>
        JSON.parse((await get({ port: trusting.port, host: "p.example.com", path: "/", headers })).body).headers;
      const good = await asked({
        "x-forwarded-for": "192.0.2.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "shop.example.org",
        "x-request-id": "trace-1",
      });
      assert.equal(good["x-forwarded-for"], "192.0.2.7");
      assert.equal(good["x-real-ip"], "192.0.2.7");
      assert.equal(good["x-forwarded-proto"], "https");
      assert.equal(good["x-forwarded-host"], "shop.example.org");
      assert.equal(good["x-forwarded-port"], "443");
      assert.equal(good["x-request-id"], "trace-1");
      const bad = await asked({
        "x-forwarded-proto": "gopher",
        "x-forwarded-host": "a b<script>",
        "x-forwarded-port": "80; x",
        "x-request-id": 'a"b',
      });
      assert.equal(bad["x-forwarded-proto"], "http");
      assert.equal(bad["x-forwarded-host"], "p.example.com");
      assert.equal(bad["x-forwarded-port"], "80");
      assert.match(bad["x-request-id"], /^[0-9a-f]{32}$/);
    });

    it("takes the first element of a trusted proxy's lists", async () => {
      const headers = {
        "x-forwarded-proto": "https, http",
        "x-forwarded-host": "shop.example.org, inner.example.org",
        "x-forwarded-prefix": "/shop",
      };
      const { body } = await get({ port: trusting.port, host: "p.example.com", path: "/", headers });
      const seen = JSON.parse(body).headers;
      assert.equal(seen["x-forwarded-proto"], "https");
      assert.equal(seen["x-forwarded-host"], "shop.example.org");
      assert.equal(seen["x-forwarded-prefix"], "/shop");
    });

    it("believes the host of an absolute URI, and no port that belongs to another host", async () => {
      const answer = await raw(
        port,
        "GET http://p.example.com/x HTTP/1.1\r\nHost: evil.example.com:1234\r\nConnection: close\r\n\r\n",
      );
      const { headers } = JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
      assert.equal(headers.host, "p.example.com");
      assert.equal(headers["x-forwarded-host"], "p.example.com");
      assert.equal(headers["x-forwarded-port"], "80");
    });

    it("gives a request without a host a name that is nobody's", async () => {
      const answer = await raw(port, "GET /anywhere HTTP/1.0\r\n\r\n");
      assert.match(answer, /"host":"hotroute\.invalid"/);
    });

    it("opens no tunnel past the routes for an upgrade that is no WebSocket", async () => {
      const answer = await raw(
        port,
        "GET / HTTP/1.1\r\nHost: p.example.com\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
      );
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.doesNotMatch(answer, /"upgrade":/);
    });

    it("keeps the connection to the upstream for the next request", async () => {
      const ports = new Set<unknown>();
      for (let count = 0; count < 5; count += 1)
        ports.add((await ask("p.example.com", "/")).headers["x-connection-port"]);
      assert.equal(ports.size, 1);
    });

    it("passes WebSocket upgrades on", async () => {
      const echoed = await new Promise<string>((resolve, reject) => {
        const sent = request({
          host: "127.0.0.1",
          port,
          path: "/ws",
          headers: {
            host: "p.example.com",
            connection: "Upgrade",
            upgrade: "websocket",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version": "13",
          },
        });
        sent.on("upgrade", (answer, socket) => {
          assert.equal(answer.statusCode, 101);
          socket.once("data", (data: Buffer) => {
            socket.destroy();
            resolve(data.toString());
          });
          socket.write("echo this");
        });
        sent.on("response", (answer) => reject(new Error(`no upgrade: ${answer.statusCode}`)));
        sent.on("error", reject);
        sent.end();
      });
      assert.equal(echoed, "echo this");
    });
  });
}
