import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createModel, type Failure, type Model } from "../../src/reloader/model.ts";
import { nextStep, type Step, transitions } from "../../src/reloader/plan.ts";
import { createBucket, takeToken } from "../../src/reloader/token-bucket.ts";

const limits = { quietMs: 50, maxWaitMs: 500, compareIntervalMs: 5_000 };

/** Nothing to do: the wanted revision is live, and was seen at 1,000 ms. */
const idle: Model = {
  change: null,
  isDirty: false,
  lookedAtMs: 1_000,
  lookTookMs: 1,
  wanted: { revision: "a", isWhole: true },
  live: "a",
  failure: null,
  startAtMs: null,
  heldUntilMs: 0,
  bucket: createBucket(3, 1_000, 0),
};
const other = { revision: "b", isWhole: true };
const step = (change: Partial<Model>, nowMs: number): Step => nextStep({ ...idle, ...change }, nowMs, limits);
const rest = (state: string, untilMs: number) => ({ kind: "rest", state, untilMs });
const emptyBucket = [0, 0, 0].reduce((bucket) => takeToken(bucket, 2_000), createBucket(3, 1_000, 2_000));

describe("nextStep()", () => {
  it("rests until the next comparison when all is well", () => {
    assert.deepEqual(step({}, 2_000), rest("idle", 6_000));
    assert.deepEqual(step({}, 6_000), { kind: "look" });
  });

  it("looks at once when something changed", () => {
    assert.deepEqual(step({ isDirty: true }, 2_000), { kind: "look" });
  });

  it("looks first of all", () => {
    assert.deepEqual(nextStep(createModel(3, 1_000, 0), 0, limits), { kind: "look" });
  });

  it("spends a fifth of its time on looking at most", () => {
    const busy = { isDirty: true, lookTookMs: 25 };
    assert.deepEqual(step(busy, 1_050), rest("limited", 1_100));
    assert.deepEqual(step(busy, 1_100), { kind: "look" });
  });

  it("looks at each comparison even while changes outrun the bucket", () => {
    const slow = { isDirty: true, bucket: takeToken(emptyBucket, 50_000) };
    assert.deepEqual(step(slow, 6_000), { kind: "look" });
  });

  it("attempts a whole revision at once", () => {
    assert.deepEqual(step({ wanted: other, change: { firstMs: 1_000, lastMs: 1_000 } }, 1_001), { kind: "attempt" });
  });

  it("attempts what no change is told of: the comparison's find has settled, or the live one was lost", () => {
    assert.deepEqual(step({ wanted: other }, 2_000), { kind: "attempt" });
    assert.deepEqual(step({ live: null }, 2_000), { kind: "attempt" });
  });

  it("lets any other revision settle, for a bounded time", () => {
    const wanted = { revision: "b", isWhole: false };
    const at = (firstMs: number, lastMs: number, nowMs: number): Step =>
      step({ wanted, change: { firstMs, lastMs } }, nowMs);
    assert.deepEqual(at(1_000, 1_030, 1_031), rest("settling", 1_080));
    assert.deepEqual(at(1_000, 1_030, 1_080), { kind: "attempt" });
    assert.deepEqual(at(1_000, 1_490, 1_495), rest("settling", 1_500));
    assert.deepEqual(at(1_000, 1_499, 1_500), { kind: "attempt" });
  });

  it("does not attempt what was read before the last change", () => {
    assert.deepEqual(step({ wanted: other, isDirty: true, lookTookMs: 25 }, 1_050), rest("limited", 1_100));
  });

  it("row 8: attempts what was read before the last change when change follows change", () => {
    const change = { firstMs: 500, lastMs: 1_049 };
    const stormy = { wanted: other, isDirty: true, lookTookMs: 25, change };
    assert.deepEqual(step(stormy, 1_050), { kind: "attempt" });
    assert.deepEqual(step({ ...stormy, wanted: idle.wanted }, 1_050), rest("limited", 1_100), "that is live");
  });

  it("waits for a token before it reads what it could not act upon", () => {
    assert.deepEqual(step({ isDirty: true, bucket: emptyBucket }, 2_000), rest("limited", 3_000));
    assert.deepEqual(step({ wanted: other, bucket: emptyBucket }, 2_000), rest("limited", 3_000));
    assert.deepEqual(step({ wanted: other, bucket: emptyBucket }, 3_000), { kind: "attempt" });
  });

  it("holds an attempt back while old workers drain, and goes on comparing", () => {
    assert.deepEqual(step({ wanted: other, heldUntilMs: 2_250 }, 2_000), rest("draining", 2_250));
    assert.deepEqual(step({ wanted: other, heldUntilMs: 9_000 }, 2_000), rest("draining", 6_000));
    assert.deepEqual(step({ wanted: other, heldUntilMs: 2_250 }, 2_250), { kind: "attempt" });
  });

  it("names of several obstacles the one that falls last", () => {
    const both = { wanted: { revision: "b", isWhole: false }, change: { firstMs: 1_990, lastMs: 1_990 } };
    assert.deepEqual(step({ ...both, heldUntilMs: 2_010 }, 2_000), rest("settling", 2_040));
    assert.deepEqual(step({ ...both, heldUntilMs: 2_100 }, 2_000), rest("draining", 2_100));
  });

  for (const result of ["rejected", "unverified", "failed"] as const) {
    it(`tries a revision that was ${result} again when its time has come, another one at once`, () => {
      const failure: Failure = { revision: "b", result, attempts: 1, retryAtMs: 4_000 };
      const at = (revision: string, nowMs: number): Step =>
        step({ wanted: { revision, isWhole: true }, failure }, nowMs);
      assert.deepEqual(at("b", 2_000), rest(result, 4_000));
      assert.deepEqual(at("b", 4_000), { kind: "attempt" });
      assert.deepEqual(at("c", 2_000), { kind: "attempt" });
      assert.deepEqual(at("a", 2_000), rest("idle", 6_000), "back to what is live");
    });
  }

  it("starts nginx before anything else when it is down", () => {
    assert.deepEqual(step({ live: null, startAtMs: 2_000, isDirty: true }, 2_000), { kind: "start" });
  });

  it("goes on with the wanted revision while the start of the verified one waits", () => {
    const down = { live: null, startAtMs: 9_000 };
    assert.deepEqual(step({ ...down, wanted: other }, 2_000), { kind: "attempt" });
    assert.deepEqual(step({ ...down, wanted: null, lookedAtMs: 8_000 }, 8_001), rest("down", 9_000));
    const failure: Failure = { revision: "b", result: "unverified", attempts: 1, retryAtMs: 4_000 };
    assert.deepEqual(step({ ...down, wanted: other, failure }, 2_000), rest("down", 4_000));
  });

  it("does nothing with a directory that cannot be read but look again", () => {
    assert.deepEqual(step({ wanted: null }, 2_000), rest("idle", 6_000));
    assert.deepEqual(step({ wanted: null, live: null }, 2_000), rest("idle", 6_000));
  });
});

describe("the table of states", () => {
  it("leads from every state to another, and to every state", () => {
    const states = Object.keys(transitions);
    assert.deepEqual([...new Set(Object.values(transitions).flat())].sort(), [...states].sort());
    for (const [state, next] of Object.entries(transitions)) assert.ok(next.length > 0, state);
  });

  it("reaches applied only by verifying, and testing only from a rest or a look", () => {
    const before = (wanted: string): readonly string[] =>
      Object.entries(transitions).flatMap(([state, next]) => (next.some((name) => name === wanted) ? [state] : []));
    assert.deepEqual(before("applied"), ["verifying"]);
    assert.deepEqual(before("verifying"), ["promoting"]);
    assert.deepEqual(before("promoting"), ["testing"]);
    assert.ok(!before("testing").some((state) => ["promoting", "verifying", "returning", "applied"].includes(state)));
  });
});
