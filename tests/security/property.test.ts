import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/nginx/configuration.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import type { ServiceRecord } from "../../src/routes/service.ts";
import { createRandom, type Random } from "../apiserver/random.ts";
import { isNginxAtLeast, type NginxUnderTest, nginxBinaries } from "../support/nginx-binaries.ts";
import { testConfiguration } from "../support/nginx-server.ts";
import { tokenize } from "../support/nginx-tokenizer.ts";
import { locationsOf, type ServedLocation } from "./conformance.ts";
import { benignValues, options, type ServiceText, serviceOf } from "./fixture.ts";
import { hostileService } from "./hostile-services.ts";
import { isBeyondNginx } from "./nginx-limits.ts";
import { faults } from "./sound.ts";

const cases = Number(process.env.HOTROUTE_SECURITY_CASES ?? 5000);
const seed = Number(process.env.HOTROUTE_SECURITY_SEED ?? Date.now() % 2 ** 31);
const batchSize = 50;
const samples = 20;

/** Services that mean no ill, on hosts that nobody else has. */
const victims: readonly ServiceText[] = [
  { name: "victim-plain", annotations: { host: "plain.victim.example" } },
  {
    name: "victim-path",
    annotations: { host: "path.victim.example,*.victim.example", path: "/shop,/cart", "strip-prefix": "true" },
  },
  { name: "victim-closed", annotations: { host: "closed.victim.example", "whitelist-source-range": "10.0.0.0/8" } },
  {
    name: "victim-routes",
    annotations: { host: "routes.victim.example", routes: "[{path: /a, limit-rps: 5}, {path: /b, enable-cors: true}]" },
  },
].map((text) => ({ namespace: "victims", clusterIP: "127.96.0.9", ...text }));

const shuffled = <T>(random: Random, items: readonly T[]): readonly T[] =>
  items
    .map((item) => ({ item, place: random.below(2 ** 30) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

const leadingTo = (
  locations: readonly ServedLocation[],
  { namespace, name }: ServiceRecord,
): readonly ServedLocation[] =>
  locations.filter(({ upstream }) => upstream?.startsWith(`${name}.${namespace}.`) ?? false);

// The lines differ from file to file.
const written = (locations: readonly ServedLocation[]): string =>
  JSON.stringify(locations, (key, value: unknown) => (key === "line" ? undefined : value));

const aloneLocations = (service: ServiceRecord): readonly ServedLocation[] =>
  locationsOf(tokenize(configure([service], options).text).directives);

const isGuarded = ({ settings }: ServiceRecord): boolean =>
  settings.some(({ key }) => key === "whitelist-source-range" || key === "allowlist-source-range");

const isClosedToOthers = ({ body }: ServedLocation): boolean =>
  body.some(({ name, args }) => name === "deny" && args[0] === "all");

/** What came of all cases, to see that they tried something. */
interface Tally {
  routed: number;
  readonly reasons: Set<string>;
  readonly refusedKeys: Set<string>;
}

/** The Services that alone show the fault, to be looked at first. */
const culprits = (services: readonly ServiceRecord[]): string =>
  services
    .filter((service) => faults(configure([service], options)).length > 0)
    .map((service) => JSON.stringify(service))
    .join("\n");

const checkBatch = (random: Random, hostile: readonly ServiceRecord[], tally: Tally): string => {
  const good = victims.map(serviceOf);
  const services = shuffled(random, [...good, ...hostile]);
  const result = configure(services, options);
  const found = faults(result);
  assert.deepEqual(found, [], found.length === 0 ? "" : `seed ${seed}\n${culprits(hostile)}`);
  const again = configure(shuffled(random, services), options);
  assert.equal(again.text, result.text, `seed ${seed}: another order gives another text`);
  assert.deepEqual(again.problems.map(describeProblem), result.problems.map(describeProblem), `seed ${seed}`);
  const locations = locationsOf(tokenize(result.text).directives);
  for (const victim of good) {
    const alone = leadingTo(aloneLocations(victim), victim);
    assert.ok(alone.length > 0);
    assert.equal(
      written(leadingTo(locations, victim)),
      written(alone),
      `seed ${seed}: ${victim.name} has lost something`,
    );
  }
  for (const service of hostile) {
    const served = leadingTo(locations, service);
    if (served.length > 0) tally.routed += 1;
    if (isGuarded(service)) assert.ok(served.every(isClosedToOthers), `seed ${seed}: open: ${JSON.stringify(service)}`);
  }
  for (const { reason, key } of result.problems) {
    tally.reasons.add(reason);
    if (key !== null) tally.refusedKeys.add(key.replace(/^hotroute\.io\//, ""));
  }
  return result.text;
};

const assertTaken = async (nginx: NginxUnderTest, services: readonly ServiceRecord[]): Promise<void> => {
  const { text } = configure(services, {
    ...options,
    isGrpcAvailable: isNginxAtLeast(nginx, "1.25.1"),
    isRecentNginx: isNginxAtLeast(nginx, "1.29.6"),
  });
  const { code, stderr } = await testConfiguration(nginx, text);
  const [, line] = /default\.conf:(\d+)/.exec(stderr) ?? [];
  assert.equal(code, 0, `seed ${seed}, nginx ${nginx.version}: ${stderr}${text.split("\n")[Number(line) - 1] ?? ""}`);
};

describe("random hostile Services", () => {
  it(`${cases} of them, with seed ${seed}`, async (t) => {
    t.diagnostic(`HOTROUTE_SECURITY_SEED=${seed} HOTROUTE_SECURITY_CASES=${cases}`);
    const random = createRandom(seed);
    const tally: Tally = { routed: 0, reasons: new Set(), refusedKeys: new Set() };
    const batches = Math.ceil(cases / batchSize);
    const every = Math.max(1, Math.floor(batches / samples));
    for (let batch = 0; batch < batches; batch += 1) {
      const hostile = Array.from({ length: batchSize }, (_, index) =>
        serviceOf(hostileService(random, batch * batchSize + index)),
      );
      checkBatch(random, hostile, tally);
      if (batch % every !== 0) continue;
      const takeable = [...victims.map(serviceOf), ...hostile].filter((service) => !isBeyondNginx(service));
      for (const nginx of nginxBinaries) await assertTaken(nginx, takeable);
    }
    t.diagnostic(`${tally.routed} of ${batches * batchSize} were routed`);
    assert.ok(tally.routed > cases / 5, "too few of them came through to try anything");
    for (const reason of ["InvalidValue", "UnknownKey", "NotAvailable", "Unroutable", "Conflict"]) {
      assert.ok(tally.reasons.has(reason), reason);
    }
    const accepted = Object.keys(benignValues).filter((key) => !tally.refusedKeys.has(key));
    assert.deepEqual(accepted, [], "keys whose values were never refused");
  });
});
