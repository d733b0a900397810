import assert from "node:assert/strict";
import type { Server } from "node:http";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { defaultOptions, type ServedSite, serve, service, startBackend, stopBackends, subnet } from "./fixture.ts";

const names = ["wild", "below", "apex", "many", "exact", "closed", "other"] as const;
type Name = (typeof names)[number];
const address = (name: Name): string => `${subnet}.${names.indexOf(name) + 1}`;

const manyHosts = Array.from({ length: 60 }, (_, index) => `*.tenant-${index}.example.org`);

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
  it("has an expression for each", () => {
    const [many] = [service("many", address("many"), 80, { host: manyHosts.join(",") })];
    const { text } = configure([many], defaultOptions);
    assert.equal(text.match(/^ {4}server_name ~/gm)?.length, manyHosts.length);
    assert.doesNotMatch(text, /if \(\$host/);
  });
});
