import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseLabelSelector as parseAsServer } from "../../src/apiserver/selectors/label.ts";
import { parseLabelSelector } from "../../src/cli/label-selector.ts";
import { createRandom } from "../apiserver/random.ts";

const labels = { "hotroute.io/expose": "true", tier: "web", empty: "" };

describe("parseLabelSelector()", () => {
  const selects = (selector: string): boolean | null => parseLabelSelector(selector)?.(labels) ?? null;

  it("knows equality, sets and presence", () => {
    const yes = ["hotroute.io/expose=true", "tier==web", "tier!=db", "none!=x", "tier in (db, web)", "tier notin (db)"];
    const no = [
      "hotroute.io/expose=false",
      "tier=",
      "tier!=web",
      "tier notin (web,db)",
      "none in (a)",
      "!tier",
      "none",
    ];
    for (const selector of [...yes, "tier", "!none", "empty=", "empty in (,a)", "tier,!none", " tier = web , empty "]) {
      assert.equal(selects(selector), true, selector);
    }
    for (const selector of [...no, "tier,none", "tier=web,empty=x"]) assert.equal(selects(selector), false, selector);
  });

  it("refuses what is none", () => {
    for (const selector of ["=", "a=b=c", "a in", "a in b", "a in (b", "a,", ",a", "a b", "!", "a/b/c", "-a", "a=-b"]) {
      assert.equal(selects(selector), null, selector);
    }
    assert.equal(selects(`${"a".repeat(64)}`), null);
  });

  it("agrees with the API server on selectors of any form", () => {
    const random = createRandom(11);
    const pieces = [
      "tier",
      "empty",
      "hotroute.io/expose",
      "web",
      "true",
      "=",
      "==",
      "!=",
      "!",
      ",",
      " ",
      "in",
      "notin",
      "(",
      ")",
      "(web,db)",
    ] as const;
    const ofServer = (selector: string): boolean | null => {
      try {
        return parseAsServer(selector)(labels);
      } catch {
        return null;
      }
    };
    let taken = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const selector = Array.from({ length: 1 + random.below(8) }, () => random.pick(pieces)).join("");
      const wanted = ofServer(selector);
      if (wanted !== null) taken += 1;
      assert.equal(selects(selector), wanted, JSON.stringify(selector));
    }
    assert.ok(taken > 1000, `only ${taken} were selectors`);
  });
});
