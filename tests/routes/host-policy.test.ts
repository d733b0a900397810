import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Configuration, configure } from "../../src/nginx/configuration.ts";
import {
  applyHostPolicy,
  createHostClaims,
  type HostClaim,
  type HostPolicy,
  mayClaim,
  parseHostClaim,
} from "../../src/routes/host-policy.ts";
import { describeProblem } from "../../src/routes/problem.ts";
import type { Route } from "../../src/routes/route.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import { type Host, parseHost } from "../../src/routes/values/host.ts";
import type { LocationPath } from "../../src/routes/values/location-path.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";

const must = <T>(value: T | null): T => {
  assert.notEqual(value, null);
  return value as T; // asserted above
};
const claims = (...entries: readonly string[]) =>
  createHostClaims(entries.map((entry): HostClaim => must(parseHostClaim(entry))));
const host = (text: string): Host => must(parseHost(text));

const options = readSettings({}, readRoutingSettings).configuration;
const service = (namespace: string, name: string, annotations: Readonly<Record<string, string>>): ServiceRecord => {
  const keys = Object.entries(annotations).map(([key, value]) => [`hotroute.io/${key}`, value] as const);
  const metadata = {
    namespace,
    name,
    creationTimestamp: "2026-01-01T00:00:00Z",
    annotations: Object.fromEntries(keys),
  };
  const spec = { clusterIP: "10.96.0.1", ports: [{ port: 80 }] };
  return must(readService({ metadata, spec }, "hotroute.io/"));
};
const policy = (named: Readonly<Record<string, readonly string[]>>, others: readonly string[] = []): HostPolicy => ({
  namespaces: new Map(Object.entries(named).map(([name, entries]) => [name, claims(...entries)])),
  others: claims(...others),
});
const problems = (configuration: Configuration): readonly string[] => configuration.problems.map(describeProblem);

describe("mayClaim()", () => {
  it("a host allows exactly itself", () => {
    const given = claims("A.example.com");
    assert.equal(mayClaim(given, host("a.example.com")), true);
    for (const other of ["b.a.example.com", "example.com", "xa.example.com", "a.example.com.evil.org"]) {
      assert.equal(mayClaim(given, host(other)), false, other);
    }
    assert.equal(mayClaim(given, host("*.a.example.com")), false, "a wildcard takes what is below");
    assert.equal(mayClaim(given, null), false);
  });

  it("*. allows everything below at any depth, wildcards too, and not the domain itself", () => {
    const given = claims("*.a.example.com");
    for (const below of ["x.a.example.com", "x.y.a.example.com", "*.a.example.com", "*.y.a.example.com"]) {
      assert.equal(mayClaim(given, host(below)), true, below);
    }
    for (const other of ["a.example.com", "*.example.com", "xa.example.com", "x.xa.example.com", "example.com"]) {
      assert.equal(mayClaim(given, host(other)), false, other);
    }
    assert.equal(mayClaim(given, null), false);
  });

  it("* allows everything, and nothing allows nothing", () => {
    for (const any of [host("a.example.com"), host("*.com"), host("localhost"), null]) {
      assert.equal(mayClaim(claims("*"), any), true);
      assert.equal(mayClaim(claims("*", "b.example.com"), any), true);
      assert.equal(mayClaim(claims(), any), false);
    }
    assert.equal(mayClaim(claims("*.com"), host("localhost")), false);
  });

  it("takes as entries only what a host may be, and *", () => {
    for (const bad of ["", "**", "*.", "a.*", "*.*.com", "a b", "a.com.", "a.com:80", "1.2.3.4", "a.com;", ".a.com"]) {
      assert.equal(parseHostClaim(bad), null, bad);
    }
  });
});

describe("configure() with a host policy", () => {
  it("a refused host costs only its own routes, and says what the namespace may claim", () => {
    const services = [
      service("team-a", "shop", { host: "shop.a.example.com,bank.example.com", path: "/,/x" }),
      service("team-b", "web", { host: "b.example.com" }),
    ];
    const given = policy({ "team-a": ["a.example.com", "*.a.example.com"] }, ["b.example.com"]);
    const configuration = configure(services, options, given);
    assert.deepEqual(problems(configuration), [
      'HostNotAllowed team-a/shop hotroute.io/host="bank.example.com": not allowed by the host policy: ' +
        "namespace team-a may claim a.example.com, *.a.example.com",
    ]);
    assert.equal(configuration.routeCount, 3);
    assert.match(configuration.text, /server_name shop\.a\.example\.com;/);
    assert.match(configuration.text, /server_name b\.example\.com;/);
    assert.doesNotMatch(configuration.text, /bank/);
    const { routes, ...rest } = configure([...services].reverse(), options, given);
    const { routes: firstRoutes, ...first } = configuration;
    assert.deepEqual(rest, first, "in any order");
    assert.deepEqual(new Set(routes), new Set(firstRoutes));
  });

  it('any host and the default backend need "*"', () => {
    const services = [
      service("team-a", "any", {}),
      service("team-a", "last", { "default-backend": "true" }),
      service("edge", "front", { "default-backend": "true" }),
    ];
    const given = policy({ "team-a": ["*.example.com"], edge: ["*"] });
    const configuration = configure(services, options, given);
    const may = "in the host policy: namespace team-a may claim *.example.com";
    assert.deepEqual(problems(configuration), [
      `HostNotAllowed team-a/any hotroute.io/host: a route for any host needs "*" ${may}`,
      `HostNotAllowed team-a/last hotroute.io/default-backend="true": the default backend needs "*" ${may}`,
    ]);
    assert.equal(configuration.routeCount, 1);
    assert.match(configuration.text, /front\.edge/);
    assert.equal(configure(services, options).routeCount, 2, "without a policy both are routed, one in conflict");
  });

  it("a refused claim is no rival: the younger one that may have the host has it", () => {
    const services = [
      { ...service("evil", "old", { host: "bank.example.com", priority: "1000000" }), createdAtMs: 1 },
      { ...service("bank", "web", { host: "bank.example.com" }), createdAtMs: 2 },
    ];
    const { text, problems: found } = configure(services, options, policy({ bank: ["bank.example.com"] }));
    assert.match(text, /web\.bank/);
    assert.doesNotMatch(text, /old\.evil/);
    assert.deepEqual(
      found.map(({ reason, message }) => [reason, message]),
      [["HostNotAllowed", "not allowed by the host policy: namespace evil may claim no host"]],
    );
  });

  it("bounds what it says of one Service and of a long policy", () => {
    const hosts = Array.from({ length: 30 }, (_, index) => `h${String(index).padStart(2, "0")}.example.com`);
    const given = policy({ many: Array.from({ length: 8 }, (_, index) => `ok${index}.example.com`) });
    const found = configure([service("many", "web", { host: hosts.join(",") })], options, given).problems;
    assert.equal(found.length, 21);
    assert.ok(found.some(({ message }) => message === "and 10 more that the host policy does not allow"));
    const shown = "ok0.example.com, ok1.example.com, ok2.example.com, ok3.example.com, ok4.example.com and 3 more";
    assert.ok(found.some(({ message }) => message.endsWith(`namespace many may claim ${shown}`)));
  });

  it("asks a policy of 100,000 entries by look-up, not by scan", () => {
    const names = Array.from({ length: 5000 }, (_, index) => `team-${index}`);
    const wide = policy(Object.fromEntries(names.map((name) => [name, [`*.a.${name}.com`, `*.x.${name}.com`]])));
    const deep = policy(
      {},
      Array.from({ length: 100_000 }, (_, index) => `*.x.team-${index}.com`),
    );
    const routes = names.map((namespace) => ({
      service: { namespace, name: "web" },
      match: { kind: "path", host: host(`shop.x.${namespace}.com`), path: "/" as LocationPath, pathType: "Prefix" },
    })) satisfies readonly Pick<Route, "service" | "match">[];
    for (const given of [wide, deep]) {
      const timesMs = [0, 1, 2].map(() => {
        const startedMs = performance.now();
        assert.equal(applyHostPolicy(routes, given, "hotroute.io/").routes.length, 5000);
        return performance.now() - startedMs;
      });
      // A scan would be 500 million comparisons; look-ups take some milliseconds.
      assert.ok(Math.min(...timesMs) < 250, `${Math.min(...timesMs)} ms`);
    }
  });
});
