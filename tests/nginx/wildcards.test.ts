import assert from "node:assert/strict";
import type { Server } from "node:http";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { loadTemplateCompiler } from "../../src/nginx/template.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { defaultOptions, type ServedSite, serve, service, startBackend, stopBackends, subnet } from "./fixture.ts";

const compile = await loadTemplateCompiler();

const names = ["wild", "below", "apex", "many", "exact", "closed", "other"] as const;
type Name = (typeof names)[number];
const address = (name: Name): string => `${subnet}.${names.indexOf(name) + 1}`;

/** More than fit one expression, two of them below wildcards of others. */
const manyHosts = [
  ...Array.from({ length: 60 }, (_, index) => `*.tenant-${index}.example.org`),
  "*.far.below.example.com",
  "*.west.apex.com",
];

const routed = (port: number): readonly ServiceRecord[] => [
  service("wild", address("wild"), port, { host: "*.example.com" }),
  service("below", address("below"), port, { host: "*.below.example.com" }),
  service("apex", address("apex"), port, { host: "apex.com,*.apex.com,a.deep.apex.com" }),
  service("many", address("many"), port, { host: manyHosts.join(",") }),
  service("exact", address("exact"), port, { host: "exact.example.com,x.y.example.com" }),
  service("closed", address("closed"), port, { host: "*.closed.com", path: "/in" }),
];

/** Who answers which host on `/`; null: nobody that is named. */
const table: readonly (readonly [host: string, by: Name | null])[] = [
  ["a.example.com", "wild"],
  ["A.Example.Com", "wild"],
  ["a.example.com.", "wild"],
  ["a_b-c.example.com", "wild"],
  ["below.example.com", "wild"],
  ["a.below.example.com", "below"],
  ["exact.example.com", "exact"],
  ["x.y.example.com", "exact"],
  ["z.y.example.com", null],
  ["b.a.example.com", null],
  ["b.a.below.example.com", null],
  ["c.exact.example.com", null],
  ["example.com", null],
  [".example.com", null],
  ["a!b.example.com", null],
  ["apex.com", "apex"],
  ["www.apex.com", "apex"],
  ["a.deep.apex.com", "apex"],
  ["deep.apex.com", "apex"],
  ["b.deep.apex.com", null],
  ["b.a.deep.apex.com", null],
  ["b.www.apex.com", null],
  ["notapex.com", null],
  ["a.tenant-0.example.org", "many"],
  ["a.tenant-59.example.org", "many"],
  ["a.b.tenant-59.example.org", null],
  ["a.tenant-60.example.org", null],
  ["a.far.below.example.com", "many"],
  ["a.west.apex.com", "many"],
  ["west.apex.com", "apex"],
  ["b.a.west.apex.com", null],
  ["xapex.com", null],
];

/** Sends the Host as it is. @returns the status, and the address that the backend names */
const ask = (
  port: number,
  host: string,
  path = "/",
): Promise<{ readonly status: number; readonly by: string | null }> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    let text = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no end of the answer: ${text}`)));
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("end", () => {
      const by = /^x-backend: (\S+)\r$/im.exec(text)?.[1] ?? null;
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), by });
    });
  });

for (const nginx of nginxBinaries) {
  describe(`wildcard hosts in nginx ${nginx.version}`, () => {
    const backends: Server[] = [];
    const sites: ServedSite[] = [];
    let port: number;

    before(async () => {
      port = await freePort();
      for (const name of names) backends.push(await startBackend(address(name), port));
    });
    after(async () => {
      for (const { server } of sites) await server.stop();
      stopBackends(backends);
    });

    const served = async (services: readonly ServiceRecord[]): Promise<ServedSite> => {
      const site = await serve(nginx, services);
      sites.push(site);
      return site;
    };

    it("take one label, found by hashes, where every other host is answered by 404", async () => {
      const site = await served(routed(port));
      assert.match(site.configuration.text, /^ {4}server_name \*\.example\.com;$/m);
      for (const [host, by] of table) {
        const expected = by === null ? { status: 404, by: null } : { status: 200, by: address(by) };
        assert.deepEqual(await ask(site.port, host), expected, host);
      }
      assert.equal((await ask(site.port, "a.closed.com", "/in")).status, 200);
      assert.equal((await ask(site.port, "a.closed.com", "/")).status, 404);
      assert.equal((await ask(site.port, "b.a.closed.com", "/in")).status, 404);
    });

    it("take one label where others have a route too", async () => {
      const other = service("other", address("other"), port, { "default-backend": "true" });
      const site = await served([...routed(port), other]);
      assert.doesNotMatch(site.configuration.text, /server_name \*/);
      for (const [host, by] of table) {
        assert.deepEqual(await ask(site.port, host), { status: 200, by: address(by ?? "other") }, host);
      }
    });
  });
}

describe("a server with more wildcards than fit one expression", () => {
  it("has several blocks with the same locations", () => {
    const many = service("many", address("many"), 80, { host: manyHosts.join(","), path: "/a,/b" });
    const blocks = configure([many], defaultOptions)
      .text.split("\nserver {\n")
      .filter((block) => block.includes("server_name *."));
    assert.ok(blocks.length > 1);
    const of = (pattern: RegExp): readonly string[] => blocks.flatMap((block) => block.match(pattern) ?? []);
    assert.deepEqual(of(/(?<=server_name )[^;]+/g).toSorted(), manyHosts.toSorted());
    assert.equal(of(/^ {4}if \(\$host !~ "[^"]{1,1010}"\) \{ return 404; \}$/gm).length, blocks.length);
    const locations = blocks.map((block) => block.split("\n").filter((line) => line.startsWith("    location ")));
    for (const each of locations) assert.deepEqual(each, locations[0]);
    assert.equal(locations[0]?.length, 5);
  });
});

describe("a template of one's own", () => {
  const wildcard = [service("wild", address("wild"), 80, { host: "*.example.com" })];
  const make = (text: string): string =>
    configure(wildcard, defaultOptions, null, compile({ path: "site.hbs", text })).text;

  it("has expressions for wildcards where it answers other hosts itself", () => {
    const hashed = /^ {4}server_name \*\.example\.com;\n {4}if \(\$host/m;
    assert.match(make("{{> head}}{{> upstreams}}{{> defaultServer}}{{> servers}}"), hashed);
    const own = make("{{> head}}{{> upstreams}}server { listen 80 default_server; return 302 /; }\n{{> servers}}");
    assert.doesNotMatch(own, hashed);
    assert.match(own, /^ {4}server_name ~\^\[a-z0-9_-\]\+\\\.example\\\.com\$;$/m);
  });
});
