import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultBehaviour } from "../../src/routes/behaviour.ts";
import { keyStanding, suggestKey } from "../../src/routes/keys.ts";
import { type ParsedService, type ParseOptions, parseService } from "../../src/routes/parse.ts";
import { describeProblem, showValue } from "../../src/routes/problem.ts";
import { describeMatch, type Route } from "../../src/routes/route.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import type { ClassName } from "../../src/routes/values/class-name.ts";

const prefix = "hotroute.io/";
const service = (annotations: Record<string, string>, spec: object = {}): ServiceRecord => {
  const prefixed = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [prefix + key, value]));
  const record = readService(
    {
      metadata: {
        namespace: "default",
        name: "shop",
        creationTimestamp: "2026-01-01T00:00:00Z",
        labels: { [`${prefix}expose`]: "true" },
        annotations: prefixed,
      },
      spec: { clusterIP: "127.96.0.1", ports: [{ port: 80 }], ...spec },
    },
    prefix,
  );
  assert.ok(record !== null);
  return record;
};
const options = (name: string | null): ParseOptions => ({
  keyPrefix: prefix,
  class: name as ClassName | null,
  selectorKeys: new Set(["expose"]),
  isGrpcAvailable: true,
});
const parse = (annotations: Record<string, string>, spec?: object): ParsedService =>
  parseService(service(annotations, spec), options(null));
const served = ({ routes }: ParsedService): readonly Route[] => routes.filter(({ upstream }) => upstream !== null);
const matches = (parsed: ParsedService): readonly string[] => served(parsed).map(({ match }) => describeMatch(match));
/** Matches that hold their place, and answer 503. */
const refused = ({ routes }: ParsedService): readonly string[] =>
  routes.filter(({ upstream }) => upstream === null).map(({ match }) => describeMatch(match));
const problems = (parsed: ParsedService): readonly string[] => parsed.problems.map(describeProblem);

describe("readService()", () => {
  it("keeps the prefix's keys, the annotation where a label has the same", () => {
    const record = readService(
      {
        metadata: {
          name: "a",
          namespace: "b",
          labels: { "hotroute.io/port": "1", "hotroute.io/host": "label", app: "x" },
          annotations: { "hotroute.io/host": "annotation", "kubectl.kubernetes.io/x": "y" },
        },
        spec: {},
      },
      prefix,
    );
    assert.deepEqual(record?.settings, [
      { key: "host", value: "annotation" },
      { key: "port", value: "1" },
    ]);
  });

  it("survives objects of any shape", () => {
    for (const object of [null, 1, "x", [], {}, { metadata: null }, { metadata: { name: 1, namespace: [] } }]) {
      assert.equal(readService(object, prefix), null);
    }
    const odd = {
      metadata: { name: "a", namespace: "b", labels: 3, creationTimestamp: "?" },
      spec: { ports: [null, 7] },
    };
    assert.deepEqual(readService(odd, prefix)?.ports.length, 2);
    assert.equal(readService(odd, prefix)?.createdAtMs, 0);
  });
});

describe("parseService()", () => {
  it("makes a route of each pair of host and path", () => {
    const parsed = parse({ host: "a.com, b.com", path: "/x,/y/" });
    assert.deepEqual(matches(parsed), [
      "a.com /x (Prefix)",
      "a.com /y (Prefix)",
      "b.com /x (Prefix)",
      "b.com /y (Prefix)",
    ]);
    assert.deepEqual(problems(parsed), []);
  });

  it("a bad element of a list costs only its own routes", () => {
    const parsed = parse({ host: "a.com,b_ad" });
    assert.deepEqual(matches(parsed), ["a.com / (Prefix)"]);
    assert.match(problems(parsed).join(), /^InvalidValue default\/shop hotroute\.io\/host="b_ad": expected a DNS name/);
  });

  it("a list with no good element routes nothing, least of all every host", () => {
    assert.deepEqual(matches(parse({ host: "b_ad" })), []);
    assert.deepEqual(matches(parse({ host: "" })), []);
  });

  it("a bad value of any other key leaves out the routes that need it", () => {
    for (const [key, value] of [
      ["path-type", "x"],
      ["port", "0"],
      ["priority", "x"],
      ["default-backend", "x"],
    ] as const) {
      const parsed = parse({ host: "a.com", [key]: value });
      assert.deepEqual(matches(parsed), [], key);
      assert.equal(parsed.problems.length, 1, key);
    }
  });

  it("a route whose place is known is refused, so that its requests fall to nobody else", () => {
    const guarded = parse({ host: "a.com", path: "/admin", "whitelist-source-range": "oops" });
    assert.deepEqual(refused(guarded), ["a.com /admin (Prefix)"]);
    assert.deepEqual(refused(parse({ host: "a.com" }, { clusterIP: "None" })), ["a.com / (Prefix)"]);
    assert.deepEqual(refused(parse({ host: "a.com", path: "oops" })), [], "where it is mounted is not known");
    assert.deepEqual(refused(parse({ host: "a.com", "path-type": "oops" })), []);
    assert.deepEqual(refused(parse({ host: "a.com", class: "No!" })), [], "perhaps another controller's");
  });

  it("takes only its own class", () => {
    assert.equal(parseService(service({ class: "internal" }), options("internal")).isTaken, true);
    assert.equal(parseService(service({ class: "internal" }), options(null)).isTaken, false);
    assert.equal(parseService(service({}), options("internal")).isTaken, false);
    assert.equal(parseService(service({}), options(null)).isTaken, true);
  });

  it("a class that is none is reported by the controller without a class, and routed by nobody", () => {
    const bad = service({ class: "No!" });
    const reported = parseService(bad, options(null));
    assert.equal(reported.problems.length, 1);
    assert.deepEqual(reported.routes, []);
    assert.equal(parseService(bad, options("internal")).isTaken, false);
  });

  it("a default backend asks for nothing else unless it names a host or a path", () => {
    assert.deepEqual(matches(parse({ "default-backend": "true" })), ["the default backend"]);
    assert.deepEqual(matches(parse({ "default-backend": "true", host: "a.com" })), [
      "the default backend",
      "a.com / (Prefix)",
    ]);
    assert.deepEqual(matches(parse({ "default-backend": "false" })), ["any host / (Prefix)"]);
  });

  it("names the upstream by namespace, Service and port", () => {
    const [route] = parse({}).routes;
    assert.deepEqual(route?.upstream, {
      name: "shop.default.80",
      service: { namespace: "default", name: "shop" },
      protocol: "HTTP",
      addresses: ["127.96.0.1:80"],
    });
    const [six] = parse({}, { clusterIP: "fd00::1" }).routes;
    assert.deepEqual(six?.upstream?.addresses, ["[fd00::1]:80"]);
  });

  it("refuses a ClusterIP that is no address, whoever put it there", () => {
    for (const clusterIP of ["1.2.3.4;", "fe80::1%eth0", "example.com", "127.1"]) {
      const parsed = parse({}, { clusterIP });
      assert.deepEqual(matches(parsed), [], clusterIP);
      assert.equal(parsed.problems.length, 1, clusterIP);
    }
  });

  it("what closes the routes is said before what is only unknown", () => {
    const unknown = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`unknown-${index}`, "x"]));
    const parsed = parse({ ...unknown, host: "a.com", port: "no_such" });
    assert.deepEqual(matches(parsed), []);
    assert.match(problems(parsed)[0] ?? "", /^InvalidValue default\/shop hotroute\.io\/port="no_such"/);
  });

  it("the selector's own keys say nothing else", () => {
    const exposed = service({ host: "a.com", public: "true" });
    assert.equal(
      parseService(exposed, { ...options(null), selectorKeys: new Set(["public", "expose"]) }).problems.length,
      0,
    );
    assert.equal(parseService(exposed, options(null)).problems.length, 1);
  });

  it("a port that is no whole number, or speaks what nginx does not pass on, is not routed", () => {
    assert.deepEqual(matches(parse({}, { ports: [{ port: 80.5 }] })), []);
    const h2c = parse({}, { ports: [{ port: 8080, appProtocol: "kubernetes.io/H2C" }] });
    assert.deepEqual(matches(h2c), []);
    assert.match(problems(h2c).join(), /^NotAvailable default\/shop: appProtocol kubernetes\.io\/H2C of port 8080/);
    const protocol = (appProtocol: string, key: Record<string, string> = {}) =>
      parse(key, { ports: [{ port: 443, appProtocol }] }).routes[0]?.upstream?.protocol;
    assert.equal(protocol("https"), "HTTPS");
    assert.equal(protocol("kubernetes.io/ws"), "HTTP");
    assert.equal(protocol("GRPC"), "GRPC");
    assert.equal(protocol("https", { "backend-protocol": "HTTP" }), "HTTP", "the key has the last word");
    assert.equal(protocol("http", { "backend-protocol": "HTTPS" }), "HTTPS");
  });

  it("gRPC is refused with strip-prefix, and where nginx is too old for it", () => {
    assert.deepEqual(refused(parse({ path: "/a", "backend-protocol": "GRPC", "strip-prefix": "true" })), [
      "any host /a (Prefix)",
    ]);
    const old = parseService(service({ "backend-protocol": "GRPCS" }), { ...options(null), isGrpcAvailable: false });
    assert.deepEqual(refused(old), ["any host / (Prefix)"]);
    assert.match(problems(old).join(), /NotAvailable default\/shop: gRPC needs nginx 1\.25\.1/);
  });

  it("a key that guards and is not available closes the routes, another does not", () => {
    assert.deepEqual(matches(parse({ host: "a.com", "auth-secret": "x" })), []);
    assert.deepEqual(matches(parse({ host: "a.com", "tls-secret": "x" })), ["a.com / (Prefix)"]);
  });

  it("bounds what one Service may cost", () => {
    const hosts = Array.from({ length: 501 }, (_, index) => `h${index}.com`).join(",");
    assert.match(problems(parse({ host: hosts })).join(), /expected at most 500 elements, found 501/);
    const many = {
      host: hosts.split(",").slice(0, 100).join(","),
      path: Array.from({ length: 11 }, (_, i) => `/p${i}`).join(","),
    };
    assert.match(problems(parse(many)).join(), /expected at most 1000 pairs of a host and a path, found 1100/);
    const flooded = problems(parse({ host: Array.from({ length: 301 }, (_, index) => `_${index}`).join(",") }));
    assert.equal(flooded.length, 51);
    assert.equal(flooded.at(-1), "InvalidValue default/shop: and 251 more problems");
  });
});

describe("routes", () => {
  it("makes several routes from one Service, in YAML or JSON", () => {
    const yaml = "- path: /api\n  strip-prefix: true\n- {path: [/a, /b], port: 8080, response-headers: {X-A: b}}\n";
    const parsed = parse(
      { host: "a.com", routes: yaml },
      {
        ports: [
          { name: "http", port: 80 },
          { name: "x", port: 8080 },
        ],
      },
    );
    assert.deepEqual(problems(parsed), []);
    assert.deepEqual(matches(parsed), ["a.com /api (Prefix)", "a.com /a (Prefix)", "a.com /b (Prefix)"]);
    assert.deepEqual(
      parsed.routes.map(({ upstream }) => upstream?.name),
      ["shop.default.80", "shop.default.8080", "shop.default.8080"],
    );
    assert.deepEqual(parsed.routes[1]?.behaviour.responseHeaders, [{ name: "X-A", value: "b" }]);
    assert.deepEqual(matches(parse({ routes: '[{"host":"b.com"},{"path":"/x","path-type":"Exact"}]' })), [
      "b.com / (Prefix)",
      "any host /x (Exact)",
    ]);
  });

  it("a bad value costs its own entry, and is named by its place", () => {
    const parsed = parse({
      host: "a.com",
      routes: "[{path: no}, {path: /b, hots: x}, {path: /c, port: 0}, {path: null}, {class: x}]",
    });
    assert.deepEqual(matches(parsed), ["a.com /b (Prefix)"]);
    assert.deepEqual(
      refused(parsed),
      ["a.com /c (Prefix)", "a.com / (Prefix)"],
      "the place of the last is the Service's",
    );
    const lines = problems(parsed).map((line) => line.replace(/: .*/, ""));
    assert.deepEqual(lines, [
      "InvalidValue default/shop hotroute.io/routes[3].path",
      'InvalidValue default/shop hotroute.io/routes[4].class="x"',
      'InvalidValue default/shop hotroute.io/routes[0].path="no"',
      'InvalidValue default/shop hotroute.io/routes[2].port="0"',
      'InvalidValue default/shop hotroute.io/routes[3].path=""',
      'UnknownKey default/shop hotroute.io/routes[1].hots="x"',
    ]);
  });

  it("a fault of what all entries share is told once", () => {
    const parsed = parse({ host: "a_b", routes: "[{path: /a}, {path: /b}]" });
    assert.deepEqual(matches(parsed), []);
    assert.equal(parsed.problems.length, 1);
  });

  it("refuses what is no list of objects, and bombs", () => {
    const bomb = `- &a {x: y}\n${"- *a\n".repeat(50)}`;
    for (const raw of ["", "x", "{}", "[]", "[1]", "[[]]", "[{a: ", bomb, `[${"{path: /a},".repeat(101)}]`]) {
      const parsed = parse({ host: "a.com", routes: raw });
      assert.deepEqual(matches(parsed), [], raw.slice(0, 30));
      assert.match(problems(parsed).join(), /routes=.*: expected a YAML or JSON list/, raw.slice(0, 30));
    }
  });

  it("a misspelt guard closes the route", () => {
    const closing = {
      "whitelist-source-ranges": "whitelist-source-range",
      whitelistSourceRange: "whitelist-source-range",
      "denylist-source-rnage": "denylist-source-range",
      "auth-secrets": "auth-secret",
      "auth-ulr": "auth-url",
    };
    for (const [name, meant] of Object.entries(closing)) {
      const parsed = parse({ host: "a.com", [name]: "10.0.0.0/8" });
      assert.deepEqual(matches(parsed), [], name);
      assert.deepEqual(refused(parsed), ["a.com / (Prefix)"], name);
      assert.deepEqual(problems(parsed), [
        `UnknownKey default/shop hotroute.io/${name}="10.0.0.0/8": no such key; did you mean hotroute.io/${meant}? Without that it is not routed`,
      ]);
    }
    for (const name of ["auth-realms", "source", "limit-rsp", "hots"]) {
      assert.deepEqual(matches(parse({ host: "a.com", [name]: "x" })), ["a.com / (Prefix)"], name);
    }
  });

  it("a misspelt guard in an entry closes that entry alone", () => {
    const parsed = parse({ host: "a.com", routes: "[{path: /a}, {path: /b, denylist-source-rang: 10.0.0.0/8}]" });
    assert.deepEqual(matches(parsed), ["a.com /a (Prefix)"]);
    assert.deepEqual(refused(parsed), ["a.com /b (Prefix)"]);
  });

  it("a name that JavaScript knows is an unknown key", () => {
    const parsed = parse({ host: "a.com", routes: '[{"__proto__": "x", "constructor": "y", "path": "/a"}]' });
    assert.deepEqual(matches(parsed), ["a.com /a (Prefix)"]);
  });
});

describe("readBehaviour()", () => {
  const behaviour = (annotations: Record<string, string>) => parse(annotations).routes[0]?.behaviour;

  it("gives a Service without such keys the one default", () => {
    assert.equal(behaviour({ host: "a.com" }), defaultBehaviour);
    assert.equal(behaviour({ "enable-cors": "false", "proxy-buffering": "true" }), defaultBehaviour);
  });

  it("a list that guards is good as a whole or not at all", () => {
    assert.deepEqual(behaviour({ "whitelist-source-range": "10.0.0.0/8, 192.0.2.7" })?.allow, [
      "10.0.0.0/8",
      "192.0.2.7/32",
    ]);
    for (const key of ["whitelist-source-range", "allowlist-source-range", "denylist-source-range"]) {
      assert.deepEqual(matches(parse({ [key]: "10.0.0.0/8,oops" })), [], key);
      assert.deepEqual(matches(parse({ [key]: "" })), [], key);
    }
  });

  it("refuses values that do not fit each other", () => {
    const bad: readonly Record<string, string>[] = [
      { "enable-cors": "true", "cors-allow-credentials": "true" },
      { "permanent-redirect": "https://a.com/", "temporal-redirect": "https://b.com/" },
    ];
    for (const annotations of bad) {
      assert.deepEqual(matches(parse(annotations)), []);
      assert.equal(parse(annotations).problems.length, 1);
    }
  });

  it("credentials are allowed where origins are named, unless they are not", () => {
    const named = { "enable-cors": "true", "cors-allow-origin": "https://a.com" };
    assert.equal(behaviour(named)?.cors?.allowsCredentials, true);
    assert.equal(behaviour({ ...named, "cors-allow-credentials": "false" })?.cors?.allowsCredentials, false);
    assert.equal(behaviour({ "enable-cors": "true" })?.cors?.allowsCredentials, false);
  });
});

describe("keyStanding()", () => {
  it("a value that asks for what is done anyway is fine", () => {
    assert.deepEqual(keyStanding("affinity", "none"), { kind: "available" });
    assert.deepEqual(keyStanding("auth-secret", "x"), { kind: "not-available", route: "closed" });
    assert.deepEqual(keyStanding("nothing", "x"), { kind: "unknown" });
  });
});

describe("suggestKey()", () => {
  it("gives the nearest name, and none where none is near", () => {
    assert.equal(suggestKey("hots"), "host");
    assert.equal(suggestKey("proxy-bodysize"), "proxy-body-size");
    assert.equal(suggestKey("zzzzzzzz"), null);
  });
});

describe("showValue()", () => {
  it("cuts to 80 characters and hides what would lie to the reader", () => {
    assert.equal(showValue("x".repeat(81)).length, 80);
    assert.equal(showValue("a\u001b[31m\u202e\n"), "a\ufffd[31m\ufffd\ufffd");
  });
});
