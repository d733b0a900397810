import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { sampleServices } from "../../src/demo/samples.ts";
import { parseServices } from "../../src/demo/services-yaml.ts";

const service = (name: string, host: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  annotations:\n    hotroute.io/host: ${host}\n`;

const faultsOf = (text: string): readonly string[] => {
  const content = parseServices(text, "services.yaml");
  return content.ok ? [] : content.faults;
};

describe("parseServices()", () => {
  it("reads the samples", () => {
    const content = parseServices(sampleServices, "services.yaml");
    assert.ok(content.ok);
    assert.deepEqual([...content.services.keys()], ["default/shop", "default/cart", "default/blog"]);
  });

  it("names the line of an unquoted wildcard, and says to quote it", () => {
    const text = `${service("shop", "shop.localhost")}---\n${service("blog", "*.blog.localhost")}`;
    assert.deepEqual(faultsOf(text), [
      'services.yaml:13: *.blog.localhost without quotes is a YAML alias: write "*.blog.localhost"',
    ]);
  });

  it("takes a quoted wildcard, and an alias that has its anchor", () => {
    assert.deepEqual(faultsOf(service("blog", '"*.blog.localhost"')), []);
    assert.deepEqual(faultsOf(service("blog", "&host blog.localhost").replace("name: blog", "name: &n blog")), []);
    const content = parseServices(`${service("a", "&host a.localhost")}    hotroute.io/path: *host\n`, "services.yaml");
    assert.ok(content.ok);
    assert.match(JSON.stringify(content.services.get("default/a")?.object), /"hotroute.io\/path":"a.localhost"/);
  });

  it("an alias that stands before its anchor has none", () => {
    assert.match(faultsOf("a: *x\nb: &x 1\n").join(), /^services.yaml:1: \*x without quotes/);
  });

  it("names what is no Service, and a Service that stands twice", () => {
    assert.match(faultsOf("kind: Pod\napiVersion: v1\n").join(), /found v1 and Pod/);
    assert.match(faultsOf(`${service("a", "a")}---\n${service("a", "b")}`).join(), /:8: default\/a stands twice/);
  });

  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    .concat("bcdefgh".split("").map((key, index) => `${key}: &${key} [${`*${"abcdefg"[index]},`.repeat(9)}]`))
    .join("\n");
  for (const [what, text] of [
    ["an alias bomb", bomb],
    ["a cycle", `${service("a", "a")}spec: &s\n  again: *s\n`],
    ["100,000 brackets", "[".repeat(100_000)],
    ["5,000 nested keys", Array.from({ length: 5000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["NUL bytes", "\0".repeat(1000)],
    ["a lone surrogate", "\ud800: [\ud800"],
    ["a directive without an end", "%YAML 9.9\n--- !<tag:x> {"],
  ] as const) {
    it(`survives ${what}, and answers in a line or few`, () => {
      const faults = faultsOf(text);
      assert.ok(faults.length >= 1 && faults.length <= 6, JSON.stringify(faults).slice(0, 500));
      for (const fault of faults) assert.match(fault, /^services\.yaml(:\d+)?: \P{Cc}{1,400}$/u);
    });
  }

  it("survives noise, and the samples with any bytes changed", (t) => {
    let refused = 0;
    for (let round = 0; round < 300; round += 1) {
      const bytes = round % 2 === 0 ? randomBytes(round * 7) : Buffer.from(sampleServices);
      const noise = randomBytes(4);
      if (bytes.length > 2) bytes.set(noise.subarray(0, 2), noise.readUInt16LE(2) % (bytes.length - 2));
      for (const fault of faultsOf(bytes.toString("utf8"))) {
        refused += 1;
        assert.match(fault, /^services\.yaml(:\d+)?: \P{Cc}{1,400}$/u, bytes.toString("base64"));
      }
    }
    t.diagnostic(`${refused} faults`);
    assert.ok(refused > 100);
  });
});
