import assert from "node:assert/strict";
import type { Server } from "node:http";
import { after, before, describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { allUpstreamHeaders, parseUpstreamHeaders, type UpstreamHeader } from "../../src/nginx/proxy-headers.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { freePort } from "../support/ports.ts";
import { defaultOptions, type ServedSite, serve, service, startBackend, stopBackends, subnet } from "./fixture.ts";

describe("parseUpstreamHeaders()", () => {
  it("takes names in any case and order", () => {
    assert.deepEqual(parseUpstreamHeaders("x-forwarded-proto, X-REAL-IP,X-Real-IP"), [
      "X-Real-IP",
      "X-Forwarded-Proto",
    ]);
    assert.deepEqual(parseUpstreamHeaders(allUpstreamHeaders.join(",")), allUpstreamHeaders);
    assert.deepEqual(parseUpstreamHeaders("all"), allUpstreamHeaders);
    assert.deepEqual(parseUpstreamHeaders("none"), []);
  });

  it("refuses what is no such header", () => {
    for (const raw of [
      "",
      ",",
      "X-Real-IP,",
      "Host",
      "X-Real-IP,X-Team",
      "none,X-Real-IP",
      "all,none",
      "X-Real-IP $remote_addr",
    ]) {
      assert.equal(parseUpstreamHeaders(raw), null, raw);
    }
  });
});

/** What a client may send to pass for somebody else. */
const spoofed: Readonly<Record<string, string>> = Object.fromEntries(
  [...allUpstreamHeaders, "Forwarded", "Proxy", "X-Original-URL"].map((name) => [name.toLowerCase(), "spoofed"]),
);

describe("UPSTREAM_HEADERS", () => {
  it("holds for gRPC and for routes with headers of their own", () => {
    const services = [
      service("rpc", `${subnet}.1`, 80, { host: "rpc.example.com", "backend-protocol": "GRPC" }),
      service("own", `${subnet}.2`, 80, { host: "own.example.com", "request-headers": '{"X-Team": "shop"}' }),
    ];
    const { text } = configure(services, { ...defaultOptions, upstreamHeaders: ["X-Real-IP"] });
    assert.equal(text.match(/set_header X-Real-IP \$remote_addr;/g)?.length, 3);
    for (const header of allUpstreamHeaders.filter((name) => name !== "X-Real-IP")) {
      assert.equal(text.match(new RegExp(`set_header ${header} "";`, "g"))?.length, 3, header);
    }
  });

  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, () => {
      const backends: Server[] = [];
      const sites: ServedSite[] = [];
      let backendPort: number;

      before(async () => {
        backendPort = await freePort();
        backends.push(await startBackend(`${subnet}.1`, backendPort));
      });
      after(async () => {
        for (const { server } of sites) await server.stop();
        stopBackends(backends);
      });

      const told = async (upstreamHeaders: readonly UpstreamHeader[]): Promise<Record<string, string>> => {
        const services = [
          service("plain", `${subnet}.1`, backendPort, { host: "plain.example.com" }),
          service("own", `${subnet}.1`, backendPort, {
            host: "own.example.com",
            "request-headers": '{"X-Team": "shop"}',
          }),
        ];
        const site = await serve(nginx, services, { upstreamHeaders });
        sites.push(site);
        const ask = async (host: string): Promise<Record<string, string>> =>
          JSON.parse((await get({ port: site.port, host, path: "/", headers: spoofed })).body).headers;
        const [{ host, ...plain }, { host: _, "x-team": team, ...own }] = [
          await ask("plain.example.com"),
          await ask("own.example.com"),
        ];
        assert.equal(host, "plain.example.com");
        assert.equal(team, "shop");
        assert.deepEqual(Object.keys(own), Object.keys(plain));
        return plain;
      };

      it("tells backends what is named, and nobody anything else", async () => {
        const plain = await told(["X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"]);
        assert.deepEqual(plain, {
          "x-real-ip": "127.0.0.1",
          "x-forwarded-for": "127.0.0.1",
          "x-forwarded-proto": "http",
        });
      });

      it("tells them nothing where none is named", async () => {
        assert.deepEqual(await told([]), {});
      });

      it("tells them everything where nothing is said", async () => {
        const names = Object.keys(await told(allUpstreamHeaders));
        // Without trusted proxies nobody knows of a prefix.
        const expected = allUpstreamHeaders.filter((name) => name !== "X-Forwarded-Prefix");
        assert.deepEqual(names.sort(), expected.map((name) => name.toLowerCase()).sort());
      });
    });
  }
});
