import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { hashSizes } from "../../src/nginx/hash-sizes.ts";
import { parseListenList } from "../../src/nginx/listen.ts";
import { allUpstreamHeaders } from "../../src/nginx/proxy-headers.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import { isNginxAtLeast, nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { testConfiguration } from "../support/nginx-server.ts";

describe("hashSizes()", () => {
  it("gives cache lines that hold eight of the longest names", () => {
    assert.deepEqual(hashSizes({ count: 1, longest: 5 }), { bucketSize: 192, maxSize: 512 });
    assert.deepEqual(hashSizes({ count: 1, longest: 253 }), { bucketSize: 2176, maxSize: 512 });
    assert.equal(hashSizes({ count: 600, longest: 4 }).maxSize, 1024);
  });
});

const longHost = (seed: number, length: number): string => {
  let host = `h${seed}`;
  while (host.length + 1 < length) host += `.${"x".repeat(Math.min(60, length - host.length - 1))}`;
  return host;
};
const manyHosts = (serviceCount: number, hostsEach: number, hostLength: number): readonly ServiceRecord[] =>
  Array.from({ length: serviceCount }, (_, service) => {
    const hosts = Array.from({ length: hostsEach }, (_, index) => longHost(service * hostsEach + index, hostLength));
    const record = readService(
      {
        metadata: { namespace: "default", name: `s${service}`, annotations: { "hotroute.io/host": hosts.join(",") } },
        spec: { clusterIP: "127.96.0.1", ports: [{ port: 80 }] },
      },
      "hotroute.io/",
    );
    assert.ok(record !== null);
    return record;
  });

describe("hash sizes in nginx", { skip: skipWithoutNginx }, () => {
  const listens = parseListenList("8080") ?? [];
  for (const nginx of nginxBinaries) {
    for (const [count, length] of [
      [50_000, 20],
      [50_000, 253],
      [1, 253],
    ] as const) {
      it(`${count} hosts of ${length} characters pass nginx ${nginx.version} without a warning`, async () => {
        const each = Math.min(count, 250);
        const { text, routeCount } = configure(manyHosts(count / each, each, length), {
          keyPrefix: "hotroute.io/",
          class: null,
          selectorKeys: new Set(),
          isGrpcAvailable: true,
          isRecentNginx: isNginxAtLeast(nginx, "1.29.6"),
          accessLog: "off",
          upstreamHeaders: allUpstreamHeaders,
          upstreamCaFile: null,
          listens,
          trustedProxies: [],
        });
        assert.equal(routeCount, count);
        const { code, stderr } = await testConfiguration(nginx, text);
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stderr, /warn/);
      });
    }
  }
});
