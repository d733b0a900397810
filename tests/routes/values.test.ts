import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAbsoluteUrl } from "../../src/routes/values/absolute-url.ts";
import { parseCidr } from "../../src/routes/values/cidr.ts";
import { parseClassName } from "../../src/routes/values/class-name.ts";
import { parseHeaderName, parseMethod, parseOrigin } from "../../src/routes/values/cors.ts";
import { parseDuration } from "../../src/routes/values/duration.ts";
import { parseRequestHeaders, parseResponseHeaders } from "../../src/routes/values/header.ts";
import { isWildcard, parseHost, parseHostname } from "../../src/routes/values/host.ts";
import { parseLocationPath, parsePathType, prefixForm } from "../../src/routes/values/location-path.ts";
import { parsePortReference } from "../../src/routes/values/port-reference.ts";
import { parseBoolean, parsePriority } from "../../src/routes/values/scalar.ts";
import { parseSize } from "../../src/routes/values/size.ts";

const hostile = [
  "\n",
  "a\nb",
  "a b",
  "a;b",
  "a{b",
  "a}b",
  "a$b",
  'a"b',
  "a'b",
  "a\\b",
  "a#b",
  "a\u0000b",
  "a\u202eb",
  "é",
];
const label63 = "a".repeat(63);
const host253 = [label63, label63, label63, "b".repeat(61)].join(".");

const refusesHostile = (parse: (raw: string) => unknown, prefix: string): void => {
  for (const raw of hostile) assert.equal(parse(prefix + raw), null, JSON.stringify(prefix + raw));
};

describe("parseHost()", () => {
  it("takes DNS names, and lowers their case", () => {
    for (const raw of ["shop", "shop.example.com", "a-b.c1", "xn--bcher-kva.example", "1a.com", host253]) {
      assert.equal(parseHost(raw), raw);
    }
    assert.equal(parseHost("Shop.EXAMPLE.com"), "shop.example.com");
  });

  it("takes a wildcard for the first label only", () => {
    const host = parseHost("*.example.com");
    assert.equal(host, "*.example.com");
    assert.ok(host !== null && isWildcard(host));
    for (const raw of ["*", "*.", "a.*.com", "*.*.com", "*a.com", "**.com", "a*.com"])
      assert.equal(parseHost(raw), null, raw);
  });

  it("refuses a trailing dot, ports, addresses, empty and over-long labels and names", () => {
    for (const raw of [
      "",
      ".",
      "a.",
      ".a",
      "a..b",
      "a:80",
      "10.0.0.1",
      "1.2",
      "[::1]",
      "-a",
      "a-",
      `${label63}a.com`,
      `${host253}b`,
    ]) {
      assert.equal(parseHost(raw), null, raw);
    }
  });

  it("refuses hostile characters", () => refusesHostile(parseHost, ""));
});

describe("parseLocationPath()", () => {
  it("takes absolute paths in normal form", () => {
    for (const raw of ["/", "/a", "/a/", "/a/b.c/~d/e_f-g:h@i+j=k", `/${"x".repeat(253)}`]) {
      assert.equal(parseLocationPath(raw), raw);
    }
  });

  it("refuses what nginx would normalise away or could not hold", () => {
    for (const raw of [
      "",
      "a",
      "//",
      "/a//b",
      "/.",
      "/..",
      "/a/../b",
      "/a/.",
      "/%2F",
      "/a%20b",
      "/a?b",
      "/a*",
      `/${"x".repeat(254)}`,
    ]) {
      assert.equal(parseLocationPath(raw), null, raw);
    }
  });

  it("refuses hostile characters", () => refusesHostile(parseLocationPath, "/"));
});

describe("prefixForm()", () => {
  it("drops the trailing slash of all but the root", () => {
    const form = (raw: string): string => {
      const path = parseLocationPath(raw);
      assert.ok(path !== null);
      return prefixForm(path);
    };
    assert.equal(form("/"), "/");
    assert.equal(form("/a/"), "/a");
    assert.equal(form("/a"), "/a");
  });
});

describe("parsers of how a route is served", () => {
  it("parseSize() and parseDuration() take numbers with nginx's units, and nothing else", () => {
    for (const raw of ["0", "8m", "512K", "1g", "100"]) assert.equal(parseSize(raw), raw.toLowerCase());
    for (const raw of ["", "-1", "1.5m", "8mb", "8 m", "m", "01", "99999999999", "1;"])
      assert.equal(parseSize(raw), null, raw);
    assert.equal(parseDuration("5"), "5s");
    for (const raw of ["500ms", "5s", "2m", "24h"]) assert.equal(parseDuration(raw), raw);
    for (const raw of ["", "0", "0s", "25h", "5d", "1.5s", "-1", "5 s", "5s;"])
      assert.equal(parseDuration(raw), null, raw);
  });

  it("parseAbsoluteUrl() serialises, and refuses what a configuration could misread", () => {
    assert.equal(parseAbsoluteUrl("HTTPS://Example.com/a b".replace(" ", "%20")), "https://example.com/a%20b");
    assert.equal(parseAbsoluteUrl("https://bücher.example/é?q=1"), "https://xn--bcher-kva.example/%C3%A9?q=1");
    const bad = [
      "",
      "/x",
      "ftp://a",
      "javascript:alert(1)",
      "//a",
      "https://u:p@a/",
      "https://a/$x",
      "https://a/'",
      "https://a/;",
    ];
    for (const raw of [...bad, "https://a/#f", "https://a/\n", "https:// a", 'https://a/{"']) {
      const url = parseAbsoluteUrl(raw);
      assert.ok(url === null || /^[\w\-.~:/?@!&()*+,=%[\]]+$/.test(url), raw);
    }
    for (const raw of bad) assert.equal(parseAbsoluteUrl(raw), null, raw);
  });

  it("header parsers take an object of names and values, and none that nginx sets", () => {
    assert.deepEqual(parseResponseHeaders('{"X-B":"2","x-a":"max-age=1; includeSubDomains"}'), [
      { name: "x-a", value: "max-age=1; includeSubDomains" },
      { name: "X-B", value: "2" },
    ]);
    const bad = [
      "",
      "[]",
      "null",
      '"x"',
      '{"a":1}',
      '{"a b":"x"}',
      '{"a":"x\\"y"}',
      '{"a":"$x"}',
      '{"a":"x\\\\y"}',
      '{"a":"x\\ny"}',
    ];
    for (const raw of [...bad, '{"a":"x","A":"y"}', '{"Connection":"x"}', '{"Content-Length":"1"}', '{"a":"é"}']) {
      assert.equal(parseResponseHeaders(raw), null, raw);
      assert.equal(parseRequestHeaders(raw), null, raw);
    }
    for (const name of ["Host", "X-Forwarded-For", "X-Real-IP", "Forwarded", "Proxy"]) {
      assert.equal(parseRequestHeaders(JSON.stringify({ [name]: "x" })), null, name);
    }
  });

  it("parseOrigin() takes a scheme with a host and a port", () => {
    for (const raw of ["*", "https://a.example.com", "https://*.example.com", "http://localhost:3000"])
      assert.equal(parseOrigin(raw), raw);
    for (const raw of [
      "",
      "null",
      "a.com",
      "https://a.com/",
      "https://a.com:0",
      "https://a.com:99999",
      "https://*",
      "ftp://a.com",
    ]) {
      assert.equal(parseOrigin(raw), null, raw);
    }
  });

  it("each refuses hostile characters", () => {
    for (const parse of [parseSize, parseDuration, parseOrigin, parseMethod, parseHeaderName])
      refusesHostile(parse, "");
    refusesHostile(parseOrigin, "https://a");
    refusesHostile(parseHostname, "a");
    assert.equal(parseHostname("*.example.com"), null);
  });
});

describe("scalar parsers", () => {
  it("parsePathType() takes the two types as Ingress spells them", () => {
    assert.equal(parsePathType("Prefix"), "Prefix");
    assert.equal(parsePathType("Exact"), "Exact");
    for (const raw of ["prefix", "EXACT", "ImplementationSpecific", ""]) assert.equal(parsePathType(raw), null);
  });

  it("parsePortReference() takes numbers in range and names of RFC 6335", () => {
    assert.deepEqual(parsePortReference("80"), { number: 80 });
    assert.deepEqual(parsePortReference("65535"), { number: 65535 });
    assert.deepEqual(parsePortReference("http-2"), { name: "http-2" });
    for (const raw of ["0", "65536", "-1", "", "Http", "a_b", "-a", "a-", "8 0", "123456"]) {
      assert.equal(parsePortReference(raw), null, raw);
    }
  });

  it("parseClassName() takes a DNS label", () => {
    assert.equal(parseClassName("internal-2"), "internal-2");
    for (const raw of ["", "A", "a.b", "-a", "a-", "a".repeat(64)]) assert.equal(parseClassName(raw), null, raw);
  });

  it("parseBoolean() takes true and false and nothing that merely looks so", () => {
    assert.equal(parseBoolean("true"), true);
    assert.equal(parseBoolean("false"), false);
    for (const raw of ["True", "1", "yes", "", " true"]) assert.equal(parseBoolean(raw), null, raw);
  });

  it("parsePriority() takes whole numbers of either sign, within bounds", () => {
    assert.equal(parsePriority("10"), 10);
    assert.equal(parsePriority("-3"), -3);
    assert.ok(Object.is(parsePriority("-0"), 0), "minus zero is zero");
    for (const raw of ["", "1.5", "1e3", "+1", "1000001", "-1000001", "99999999", "0x1"])
      assert.equal(parsePriority(raw), null, raw);
  });

  it("parseCidr() takes addresses and ranges of either family", () => {
    assert.equal(parseCidr("10.0.0.0/8"), "10.0.0.0/8");
    assert.equal(parseCidr("192.0.2.7"), "192.0.2.7/32");
    assert.equal(parseCidr("FD00::/8"), "fd00::/8");
    assert.equal(parseCidr("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8/128");
    for (const raw of ["", "10.0.0.0/33", "10.0.0/8", "::/129", "fe80::1%eth0", "10.0.0.0/8;", "a", "10.0.0.0/"]) {
      assert.equal(parseCidr(raw), null, raw);
    }
  });

  it("parseCidr() leaves out what stands beyond a range's length", () => {
    const ranges = [
      ["10.1.2.3/8", "10.0.0.0/8"],
      ["10.31.2.3/12", "10.16.0.0/12"],
      ["255.255.255.255/0", "0.0.0.0/0"],
      ["10.0.0.129/25", "10.0.0.128/25"],
      ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
      ["1:2:3:4:5:6:7:8/64", "1:2:3:4::/64"],
      ["::1/0", "::/0"],
      ["::ffff:10.1.2.3/104", "::ffff:a00:0/104"],
    ] as const;
    for (const [raw, network] of ranges) assert.equal(parseCidr(raw), network, raw);
  });
});
