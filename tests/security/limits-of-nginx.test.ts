import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { testConfiguration } from "../support/nginx-server.ts";
import { configureTexts } from "./fixture.ts";

const json = (name: string): string => JSON.stringify({ [name]: "v" });
const list = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join();
const letters = (index: number): string => String.fromCharCode(65 + (index % 26), 65 + Math.floor(index / 26));

/** The largest that nginx takes. */
const largest: readonly (readonly [what: string, settings: Readonly<Record<string, string>>])[] = [
  ["65,535 connections", { "limit-connections": "65535" }],
  ["a request header's name of 46 characters", { "request-headers": json("X".repeat(46)) }],
  ["a response header's name of 46 characters", { "response-headers": json("X".repeat(46)) }],
  ["an origin of 46 characters", { "enable-cors": "true", "cors-allow-origin": `https://${"a".repeat(34)}.com` }],
  ["an origin of 60 characters", { "enable-cors": "true", "cors-allow-origin": `https://${"a".repeat(48)}.com` }],
  ["a URL of 2,000 characters", { "permanent-redirect": `https://a.example.com/${"a".repeat(1978)}` }],
  ["a path of 254 characters", { path: `/${"a".repeat(253)}`, "strip-prefix": "true" }],
  [
    "50 request headers",
    {
      "request-headers": JSON.stringify(
        Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`X-${i}`, "v".repeat(1024)])),
      ),
    },
  ],
  ["500 origins", { "enable-cors": "true", "cors-allow-origin": list(500, (i) => `https://h${i}.example.com`) }],
  ["the largest body", { "proxy-body-size": "999999999g" }],
  ["a million requests a second", { "limit-rps": "1000000" }],
];

/** What nginx refuses: it must be refused before it comes into the file, or one Service stops everybody's changes. */
const tooLarge: readonly (readonly [what: string, settings: Readonly<Record<string, string>>])[] = [
  ['65,536 connections: "connection limit must be less 65536"', { "limit-connections": "65536" }],
  ["a request header's name of 47 characters: proxy_headers_hash", { "request-headers": json("X".repeat(47)) }],
  ["a response header's name of 47 characters: proxy_headers_hash", { "response-headers": json("X".repeat(47)) }],
  [
    "a header's name of 47 characters with gRPC",
    { "backend-protocol": "GRPC", "request-headers": json("X".repeat(47)) },
  ],
  [
    "a URL that grows when it is serialised: a word of 18 KB",
    { "temporal-redirect": `https://a.example.com/${"語".repeat(2000)}` },
  ],
  [
    "500 CORS headers: a word of 64 KB",
    { "enable-cors": "true", "cors-allow-headers": list(500, (i) => `${"X".repeat(120)}${i}`) },
  ],
  [
    "500 CORS methods: a word of 9 KB",
    { "enable-cors": "true", "cors-allow-methods": list(500, (i) => `ABCDEFGHIJKLMNOP${letters(i)}`) },
  ],
];

for (const nginx of nginxBinaries) {
  const assertTaken = async (settings: Readonly<Record<string, string>>): Promise<void> => {
    const { text } = configureTexts([{ annotations: { host: "a.example.com", ...settings } }]);
    const { code, stderr } = await testConfiguration(nginx, text);
    assert.equal(code, 0, stderr);
  };

  describe(`what one Service may ask of nginx ${nginx.version}`, () => {
    for (const [what, settings] of largest) {
      it(`${what} can be had`, async () => {
        assert.deepEqual(configureTexts([{ annotations: { host: "a.example.com", ...settings } }]).problems, []);
        await assertTaken(settings);
      });
    }

    const isGrpcTaken = isNginxAtLeast(nginx, "1.25.1");
    for (const [what, settings] of tooLarge.filter(([what]) => isGrpcTaken || !what.includes("gRPC"))) {
      it(`${what} is refused, and stops nobody else`, async () => {
        const { problems } = configureTexts([{ annotations: { host: "a.example.com", ...settings } }]);
        assert.ok(problems.some(({ reason }) => reason === "InvalidValue"));
        await assertTaken(settings);
      });
    }
  });
}

/** Annotations as large as Kubernetes lets them be, that take a parser long if anything does. */
const laborious: readonly (readonly [what: string, value: string])[] = [
  ["a letter", "a".repeat(250_000)],
  ["commas", ",".repeat(250_000)],
  ["paths", "/a".repeat(125_000)],
  ["brackets", "[".repeat(250_000)],
  ["dots", "a.".repeat(125_000)],
  ["tabs", "\t".repeat(250_000)],
  ["question marks", "? ".repeat(100_000)],
  ["dashes", "- ".repeat(120_000)],
  ["braces", "a: {".repeat(60_000)],
  ["anchors", `[${"&a a, ".repeat(40_000)}]`],
  ["entries", list(20_000, (i) => `- k${i}: 1`).replaceAll(",", "\n")],
  ["keys", `- ${list(20_000, (i) => `k${i}: 1`).replaceAll(",", "\n  ")}`],
  ["JSON keys", `[{${list(20_000, (i) => `"k${i}": 1`)}}]`],
];
// Far more than any takes: this only catches what would hang.
const mostCpuMs = 10_000;

describe("what one Service may cost", () => {
  const cpuMsOf = (key: string, value: string): number => {
    const before = process.cpuUsage();
    configureTexts([{ annotations: { host: "a.example.com", [key]: value } }]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  for (const [what, value] of laborious) {
    it(`250 KB of ${what} in any key but routes take at most ${mostCpuMs} ms`, () => {
      for (const key of [
        "host",
        "path",
        "class",
        "permanent-redirect",
        "cors-allow-origin",
        "request-headers",
        "whitelist-source-range",
        "x",
      ]) {
        assert.ok(cpuMsOf(key, value) <= mostCpuMs, key);
      }
    });
  }

  // 20,000 keys took 32 s: the YAML parser compares each key with all before it.
  for (const [what, value] of laborious) {
    it(`250 KB of ${what} in routes take at most ${mostCpuMs} ms`, () => {
      assert.ok(cpuMsOf("routes", value) <= mostCpuMs);
    });
  }
  it(`60 KB of keys in routes take at most ${mostCpuMs} ms`, () => {
    assert.ok(cpuMsOf("routes", `- ${list(6000, (i) => `k${i}: 1`).replaceAll(",", "\n  ")}`) <= mostCpuMs);
  });
});

it("names of ports are shown without what is invisible", () => {
  const ports = [
    { port: 80, name: "a\n\u202eb" },
    { port: 81, name: "x".repeat(5000) },
  ];
  const [problem] = configureTexts([{ ports, annotations: { host: "a.example.com" } }]).problems;
  assert.ok(problem !== undefined);
  assert.doesNotMatch(problem.message, /[\p{Cc}\p{Cf}]/u);
  assert.ok(problem.message.length < 1000);
});
