import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readSettings, SettingsError } from "../../src/settings/environment.ts";
import { parseHostPolicySetting } from "../../src/settings/host-policy.ts";
import { parseHostPolicy } from "../../src/settings/host-policy-yaml.ts";
import { parseNamespaces } from "../../src/settings/namespaces.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-host-policy-"));
after(() => rm(scratch, { recursive: true, force: true }));

const faultsOf = (text: string): readonly string[] => {
  const result = parseHostPolicy(text);
  return result.ok ? [] : result.faults;
};

describe("parseHostPolicy()", () => {
  it("takes lists of hosts by namespace, and * for those that are not named", () => {
    const result = parseHostPolicy(
      '# who may have what\nteam-a: [A.example.com, "*.a.example.com", a.example.com]\ndefault:\n  - b.example.com\nnone: []\n"*": ["*"]\n',
    );
    assert.ok(result.ok);
    const { namespaces, others } = result.policy;
    assert.deepEqual([...namespaces.keys()], ["team-a", "default", "none"]);
    assert.deepEqual(namespaces.get("team-a")?.entries, ["a.example.com", "*.a.example.com"]);
    assert.deepEqual(namespaces.get("default")?.entries, ["b.example.com"]);
    assert.deepEqual(namespaces.get("none")?.entries, []);
    assert.equal(others.isEverything, true);
  });

  it("without * the namespaces that are not named may claim nothing", () => {
    for (const text of ["team-a: [a.com]", "{}", '{"team-a": ["a.com"]}']) {
      const result = parseHostPolicy(text);
      assert.ok(result.ok, text);
      assert.deepEqual(result.policy.others.entries, []);
    }
  });

  it("names the line of each fault, a few at most", () => {
    const cases: readonly (readonly [text: string, fault: RegExp])[] = [
      ["", /^line 1: expected lists of hosts by namespace/],
      ["# nothing\n", /^line \d: expected lists of hosts by namespace/],
      ["- a.com\n", /^line 1: expected lists of hosts by namespace/],
      ["text", /^line 1: expected lists of hosts by namespace/],
      ["a: [a.com]\nteam-b: b.com\n", /^line 2: expected a list of hosts for "team-b"/],
      ["a: [a.com]\nteam-b:\nc: []\n", /^line 2: expected a list of hosts for "team-b"/],
      ["a: [a.com]\nteam-b: {x: 1}\n", /^line 2: expected a list of hosts for "team-b"/],
      ["a:\n  - a.com\n  - a..com\n", /^line 3: expected a host .*, found "a\.\.com"/],
      ["a:\n  - 7\n", /^line 2: expected a host .*, found 7/],
      ["a:\n  - [b.com]\n", /^line 2: expected a host /],
      ["a:\n  -\n", /^line 2: expected a host .*, found null/],
      ["a: []\nTeam: [a.com]\n", /^line 2: expected a namespace, .*, found "Team"/],
      ["a: []\n7: [a.com]\n", /^line 2: expected a namespace, .*, found 7/],
      ["? [x]\n: [a.com]\n", /^line 1: expected a namespace/],
      ["a: []\nb: [b.com]\na: [c.com]\n", /^line 3: "a" stands twice/],
      ["a: [a.com\nb: [b.com]\n", /^line \d: /],
      ["a: []\n---\nb: []\n", /^line \d: .*multiple documents/],
      ["a: []\n\tb: []\n", /^line 2: /],
      ["a:\n  - *.example.com\n", /^line 2: .*needs quotes: "\*\.example\.com"/],
      ["a: []\n*: [a.com]\n", /^line 2: .*needs quotes/],
      ["a: [*]\n", /^line 1: .*needs quotes/],
      ["a: &x [a.com]\nb: *x\n", /^line 2: .*aliases are not taken/],
      ["a: []\n<<: {b: [b.com]}\n", /^line 2: expected a namespace, .*, found "<<"/],
      [`a: ${"[".repeat(20_000)}`, /^line 1: /],
    ];
    for (const [text, fault] of cases) {
      const [first = "no fault"] = faultsOf(text);
      assert.match(first, fault, text.slice(0, 80));
      assert.doesNotMatch(faultsOf(text).join(""), /[\n\r]/);
    }
    const many = faultsOf(`a:\n${"  - a b\n".repeat(50)}`);
    assert.equal(many.length, 6);
    assert.equal(many.at(-1), "and 45 more faults");
  });

  it("whatever the text, the answer is a value", () => {
    const pieces = ["a", ":", " ", "\n", "- ", "[", "]", "{", "}", "*", "&x", '"', "'", "|", ">", "!!binary ", "\t"];
    let seed = 1;
    const next = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    let good = 0;
    for (let round = 0; round < 3_000; round += 1) {
      const text = Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)]).join("");
      const result = parseHostPolicy(text);
      if (result.ok) good += 1;
      else assert.ok(result.faults.length > 0, text);
    }
    assert.ok(good > 0, "some of it is a policy");
  });
});

describe("HOST_POLICY", () => {
  it("a file that cannot be used is one line with the reason, beside other bad settings", async () => {
    const path = join(scratch, "bad.yaml");
    await writeFile(path, 'team-a: ["a.example.com"]\nteam-b: ["b..com"]\n');
    assert.throws(
      () => readSettings({ HOST_POLICY: path, NAMESPACES: "a,,b" }, readRoutingSettings),
      (error) => {
        assert.ok(error instanceof SettingsError);
        assert.match(
          error.message,
          /^bad settings: NAMESPACES="a,,b": expected .*; HOST_POLICY=.*line 2: expected a host/,
        );
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });

  it("refuses what is missing, a directory, a pipe, too large, or not text", async () => {
    const pipe = join(scratch, "pipe");
    spawnSync("mkfifo", [pipe]);
    const large = join(scratch, "large");
    await writeFile(large, "#".repeat(1024 * 1024 + 1));
    const binary = join(scratch, "binary");
    await writeFile(binary, Buffer.from([0xff, 0xfe, 0x00]));
    const cases: readonly (readonly [path: string, reason: RegExp])[] = [
      [join(scratch, "missing"), /cannot be read: ENOENT/],
      [scratch, /not a regular file/],
      [pipe, /not a regular file/],
      [large, /larger than 1048576 bytes/],
      [binary, /cannot be read: .*not valid for encoding utf-8/i],
    ];
    for (const [path, reason] of cases) {
      const parsed = parseHostPolicySetting(path);
      assert.ok(!parsed.ok, path);
      assert.match(parsed.expected, reason);
    }
  });

  it("unset, every namespace may claim every host", () => {
    assert.equal(readSettings({}, readRoutingSettings).hostPolicy, null);
  });
});

describe("NAMESPACES", () => {
  it("is a comma list of names; unset means all", () => {
    assert.deepEqual(parseNamespaces("team-b, team-a"), { ok: true, value: ["team-b", "team-a"] });
    assert.deepEqual(parseNamespaces("default"), { ok: true, value: ["default"] });
    assert.equal(readSettings({}, readRoutingSettings).namespaces, null);
    assert.deepEqual(readSettings({ NAMESPACES: "a" }, readRoutingSettings).namespaces, ["a"]);
  });

  it("refuses what is no namespace, empty elements and names that come twice", () => {
    for (const raw of [
      ",",
      "a,",
      ",a",
      "a,,b",
      "a,a",
      "a, a",
      "A",
      "a.b",
      "-a",
      "a-",
      "a/b",
      "*",
      "a b",
      "x".repeat(64),
    ]) {
      assert.equal(parseNamespaces(raw).ok, raw === JSON.stringify(raw));
    }
  });
});
