import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseCidr } from "../../src/routes/values/cidr.ts";
import { type ServedSite, serve, service, subnet } from "../nginx/fixture.ts";
import { type NginxUnderTest, nginxBinaries } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { closedPaths, evasions, oddHosts, smuggling, spoofedHeaders } from "./attack-requests.ts";
import { type ByteBackend, headerOf, requestLines, startByteBackend } from "./byte-backend.ts";
import { exchange, statuses } from "./raw-http.ts";

const attack = (nginx: NginxUnderTest): void => {
  const [openAddress, closedAddress] = [`${subnet}.71`, `${subnet}.72`];
  let open: ByteBackend;
  let closed: ByteBackend;
  let site: ServedSite;
  let trusting: ServedSite;
  const ask = (text: string, at: ServedSite = site): Promise<string> => exchange(at.port, text);
  const request = (target: string, headers: readonly string[] = [], at: ServedSite = site): Promise<string> =>
    ask(
      [
        "GET ",
        target,
        " HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n",
        ...headers.map((one) => `${one}\r\n`),
        "\r\n",
      ].join(""),
      at,
    );
  const assertClosedUntouched = (what: string): void => assert.deepEqual(closed.received, [], what);

  before(async () => {
    const port = await freePort();
    open = await startByteBackend(openAddress, port, "open");
    closed = await startByteBackend(closedAddress, port, "closed");
    const range = { "whitelist-source-range": "192.0.2.0/24" };
    const services = [
      service("open", openAddress, port, { host: "a.example.com" }),
      service("closed", closedAddress, port, { host: "a.example.com,closed.example.com", path: "/admin", ...range }),
      service("all-closed", closedAddress, port, { host: "closed.example.com", ...range }),
    ];
    site = await serve(nginx, services);
    const trustedProxies = ["127.0.0.0/8"].map(parseCidr).filter((cidr) => cidr !== null);
    trusting = await serve(nginx, services, { trustedProxies });
  });
  after(async () => {
    await site?.server.stop();
    await trusting?.server.stop();
    for (const backend of [open, closed]) backend?.server.close();
  });

  it("the open Service answers, and whoever is in the range gets to the closed one", async () => {
    assert.match(await request("/"), /open 0$/);
    assert.match(await request("/admin", ["X-Forwarded-For: 192.0.2.7"], trusting), /closed 0$/);
    closed.received.length = 0;
  });

  describe("what is closed stays closed", () => {
    for (const path of closedPaths) {
      it(`403 for ${path}`, async () => {
        assert.deepEqual(statuses(await request(path)), [403]);
        assertClosedUntouched(path);
      });
    }

    for (const path of evasions) {
      it(`not by ${path}`, async () => {
        const [status, ...others] = statuses(await request(path));
        assert.ok(status !== undefined && others.length === 0);
        assertClosedUntouched(path);
      });
    }

    for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE", "CONNECT", "PRI", "get"]) {
      it(`not by ${method}`, async () => {
        await ask(`${method} /admin HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        assertClosedUntouched(method);
      });
    }

    it("not in HTTP/1.0, and not in HTTP/0.9", async () => {
      assert.deepEqual(statuses(await ask("GET /admin HTTP/1.0\r\nHost: a.example.com\r\n\r\n")), [403]);
      await ask("GET /admin\r\n");
      assertClosedUntouched("old versions");
    });

    for (const header of spoofedHeaders) {
      it(`not by ${header.replaceAll("\r\n", " and ")}`, async () => {
        assert.deepEqual(statuses(await request("/admin", [header])), [403]);
        assertClosedUntouched(header);
      });
    }

    it("not behind a trusted proxy by an address that the client put before its own", async () => {
      const spoofed = [
        ["X-Forwarded-For: 192.0.2.7, 203.0.113.9"],
        ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 203.0.113.9"],
        ["X-Forwarded-For: 192.0.2.7,203.0.113.9, 127.0.0.1"],
        ["X-Forwarded-For: 203.0.113.9:80"],
        ["X-Forwarded-For: 192.0.2.7, nonsense"],
        ["X-Forwarded-For: 192.0.2.7;203.0.113.9"],
        ["X-Real-IP: 192.0.2.7", "X-Forwarded-For: 203.0.113.9"],
        [],
      ];
      for (const headers of spoofed) {
        assert.deepEqual(statuses(await request("/admin", headers, trusting)), [403], headers.join());
        assertClosedUntouched(headers.join());
      }
    });

    it("not by an upgrade to h2c, nor by HTTP/2 with what came before it", async () => {
      const upgrade = [
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        "Connection: Upgrade, HTTP2-Settings",
      ];
      assert.deepEqual(statuses(await request("/admin", upgrade)), [403]);
      assert.deepEqual(statuses(await request("/", upgrade)), [200]);
      assert.deepEqual(headerOf(open, "Upgrade"), []);
      await ask(
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET /admin HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n",
      );
      assertClosedUntouched("h2c");
    });
  });

  describe("one request stays one request", () => {
    for (const [name, text] of smuggling) {
      it(name, async () => {
        const answered = statuses(await ask(text));
        // The second request is refused as such, if it is one: no backend sees any of it.
        assert.ok(
          answered.every((status) => status >= 400 || status === 200),
          answered.join(),
        );
        assert.ok(!open.received.some((received) => received.includes("smuggled")), open.received.join("\n---\n"));
        assertClosedUntouched(name);
      });
    }

    it("passes nothing on that the client's own connection is about", async () => {
      await request("/hop", ["Connection: close, X-Forwarded-For, X-Real-IP", "Keep-Alive: x", "TE: trailers"]);
      const [received] = open.received.filter((text) => text.includes("/hop")).slice(-1);
      assert.match(received ?? "", /^X-Real-IP: 127\.0\.0\.1\r$/m);
      assert.match(received ?? "", /^X-Forwarded-For: 127\.0\.0\.1\r$/m);
    });

    it("puts no line of its own making into a request upstream", async () => {
      await request("/%0d%0aInjected:%20yes");
      await request("/?%0d%0aInjected:%20yes");
      assert.deepEqual(headerOf(open, "Injected"), []);
    });
  });

  describe("whose request it is", () => {
    it("an absolute URI's host counts, not the Host header's", async () => {
      const toOpen = "GET http://a.example.com/ HTTP/1.1\r\nHost: closed.example.com\r\nConnection: close\r\n\r\n";
      assert.match(await ask(toOpen), /open \d+$/);
      assert.ok(!headerOf(open, "Host").includes("closed.example.com"));
      for (const uri of [
        "http://closed.example.com/",
        "http://CLOSED.example.com./x",
        "HTTP://closed.example.com:80/",
      ]) {
        const text = `GET ${uri} HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n`;
        assert.deepEqual(statuses(await ask(text)), [403], uri);
      }
      assertClosedUntouched("absolute URI");
    });

    it("two Host headers are refused", async () => {
      const text = "GET / HTTP/1.1\r\nHost: a.example.com\r\nHost: closed.example.com\r\nConnection: close\r\n\r\n";
      assert.deepEqual(statuses(await ask(text)), [400]);
    });

    for (const host of oddHosts) {
      it(`Host ${JSON.stringify(host.slice(0, 40))} leads to no closed Service`, async () => {
        const before = requestLines(open).length;
        const [status] = statuses(await ask(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
        assert.ok(status !== undefined && [400, 403, 404].includes(status), String(status));
        assert.equal(requestLines(open).length, before);
        assertClosedUntouched(host);
      });
    }
  });

  // What a client says of itself in X-Forwarded-* was believed.
  it("CVE-2026-94197: spoofed X-Forwarded-* headers come to no backend", async () => {
    const names = ["For", "Proto", "Host", "Port", "Scheme", "Prefix", "Ssl", "Server"];
    const spoofed = names.flatMap((name) => [
      `X-Forwarded-${name}: spoofed value`,
      `x-forwarded-${name.toLowerCase()}: spoofed value`,
    ]);
    const others = ["X-Real-IP", "X-Request-ID", "X-Scheme", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "Proxy"];
    for (const at of [site, trusting]) {
      // A trusted proxy is believed what is well-formed: none of these is.
      await request("/spoofed", [...spoofed, ...others.map((name) => `${name}: spoofed value`)], at);
    }
    const received = open.received.filter((text) => text.includes("/spoofed"));
    assert.ok(received.length > 0);
    for (const text of received) assert.doesNotMatch(text, /: *spoofed/i);
  });
};

for (const nginx of nginxBinaries) describe(`attacks by request on nginx ${nginx.version}`, () => attack(nginx));
