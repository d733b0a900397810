import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { createRandom } from "../apiserver/random.ts";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { testConfiguration } from "../support/nginx-server.ts";
import { type Directive, tokenize } from "../support/nginx-tokenizer.ts";
import { locationsOf } from "./conformance.ts";
import { options, serviceOf } from "./fixture.ts";
import { hostileService } from "./hostile-services.ts";
import { isBeyondNginx } from "./nginx-limits.ts";
import { faults } from "./sound.ts";

const cases = Number(process.env.HOTROUTE_SECURITY_CASES ?? 5000) / 5;
const seed = Number(process.env.HOTROUTE_SECURITY_SEED ?? Date.now() % 2 ** 31);
const batchSize = 100;

/** So many that hosts share servers, routed as most of the hostile ones that come through are. */
const neighbours: readonly ServiceRecord[] = Array.from({ length: 300 }, (_, index) =>
  serviceOf({
    namespace: "neighbours",
    name: `plain-${index}`,
    clusterIP: `10.2.${index >> 8}.${index & 255}`,
    annotations: { host: `plain-${index}.example` },
  }),
);

/** Every host that shares a server, and where its requests go. */
const sharedAddresses = (directives: readonly Directive[]): ReadonlyMap<string, string> =>
  new Map(
    directives
      .filter(({ name, args }) => name === "map" && args[1] === "$hotroute_address")
      .flatMap(({ block }) => block ?? [])
      .filter(({ name }) => name !== "default")
      .map(({ name, args }) => [name, args[0] ?? ""]),
  );

/** Every host with a block of its own and where the requests for each location go; null where nginx answers. */
const ownAddresses = (directives: readonly Directive[]): ReadonlyMap<string, readonly (string | null)[]> => {
  const addressOf = new Map(
    directives
      .filter(({ name }) => name === "upstream")
      .map(({ args, block }) => [args[0] ?? "", block?.find(({ name }) => name === "server")?.args[0] ?? ""]),
  );
  const found = new Map<string, (string | null)[]>();
  for (const { hosts, upstream } of locationsOf(directives)) {
    const address = upstream === null ? null : (addressOf.get(upstream) ?? `nowhere: ${upstream}`);
    for (const host of hosts) found.set(host, [...(found.get(host) ?? []), address]);
  }
  return found;
};

describe("hostile Services among hosts that share servers", () => {
  it(`${cases} of them, with seed ${seed}`, async (t) => {
    t.diagnostic(`HOTROUTE_SECURITY_SEED=${seed}`);
    const random = createRandom(seed);
    const recent = { ...options, isRecentNginx: true };
    let hostileThatShare = 0;
    for (let batch = 0; batch < cases / batchSize; batch += 1) {
      const hostile = Array.from({ length: batchSize }, (_, index) =>
        serviceOf(hostileService(random, batch * batchSize + index)),
      );
      const services = [...neighbours, ...hostile].filter((service) => !isBeyondNginx(service));
      const result = configure(services, recent);
      assert.deepEqual(faults(result), []);
      const [file, apart] = [tokenize(result.text).directives, tokenize(configure(services, options).text).directives];
      const [shared, own, expected] = [sharedAddresses(file), ownAddresses(file), ownAddresses(apart)];
      for (const [host, address] of shared) {
        const asked = (expected.get(host) ?? []).filter((each) => each !== null);
        assert.deepEqual([...new Set(asked)], [address], host);
        if (!host.startsWith("plain-")) hostileThatShare += 1;
      }
      for (const { name } of neighbours) assert.ok(shared.has(`${name}.example`), name);
      for (const [host, addresses] of expected) {
        if (!shared.has(host)) assert.deepEqual(own.get(host), addresses, host);
      }
      for (const nginx of nginxBinaries.filter((each) => isNginxAtLeast(each, "1.29.6"))) {
        const { code, stderr } = await testConfiguration(nginx, result.text);
        assert.equal(code, 0, stderr);
      }
    }
    t.diagnostic(`${hostileThatShare} of them shared a server`);
    assert.ok(hostileThatShare > cases / 50, "too few of them came to share a server to try anything");
  });
});
