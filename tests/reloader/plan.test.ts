import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Model, nextStep, type Step } from "../../src/reloader/plan.ts";
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
const step = (change: Partial<Model>, nowMs: number): Step => nextStep({ ...idle, ...change }, nowMs, limits);
const emptyBucket = [0, 0, 0].reduce((bucket) => takeToken(bucket, 2_000), createBucket(3, 1_000, 2_000));

describe("nextStep()", () => {
  it("sleeps until the next comparison when all is well", () => {
    assert.deepEqual(step({}, 2_000), { kind: "sleep", untilMs: 6_000 });
    assert.deepEqual(step({}, 6_000), { kind: "look" });
  });

  it("looks at once when something changed", () => {
    assert.deepEqual(step({ isDirty: true }, 2_000), { kind: "look" });
  });

  it("spends a fifth of its time on looking at most", () => {
    const busy = { isDirty: true, lookTookMs: 25 };
    assert.deepEqual(step(busy, 1_050), { kind: "sleep", untilMs: 1_100 });
    assert.deepEqual(step(busy, 1_100), { kind: "look" });
  });

  it("attempts a whole revision at once", () => {
    const wanted = { revision: "b", isWhole: true };
    assert.deepEqual(step({ wanted, change: { firstMs: 1_000, lastMs: 1_000 } }, 1_001), { kind: "attempt" });
  });

  it("lets any other revision settle, for a bounded time", () => {
    const wanted = { revision: "b", isWhole: false };
    const at = (firstMs: number, lastMs: number, nowMs: number): Step =>
      step({ wanted, change: { firstMs, lastMs } }, nowMs);
    assert.deepEqual(at(1_000, 1_030, 1_031), { kind: "sleep", untilMs: 1_080 });
    assert.deepEqual(at(1_000, 1_030, 1_080), { kind: "attempt" });
    assert.deepEqual(at(1_000, 1_490, 1_495), { kind: "sleep", untilMs: 1_500 });
    assert.deepEqual(at(1_000, 1_499, 1_500), { kind: "attempt" });
  });

  it("does not attempt what was read before the last change", () => {
    const wanted = { revision: "b", isWhole: true };
    assert.deepEqual(step({ wanted, isDirty: true, lookTookMs: 25 }, 1_050), { kind: "sleep", untilMs: 1_100 });
  });

  it("waits for a token before it reads what it could not act upon", () => {
    assert.deepEqual(step({ isDirty: true, bucket: emptyBucket }, 2_000), { kind: "sleep", untilMs: 3_000 });
    const wanted = { revision: "b", isWhole: true };
    assert.deepEqual(step({ wanted, bucket: emptyBucket }, 2_000), { kind: "sleep", untilMs: 3_000 });
    assert.deepEqual(step({ wanted, bucket: emptyBucket }, 3_000), { kind: "attempt" });
  });

  it("holds an attempt back while old workers drain", () => {
    const wanted = { revision: "b", isWhole: true };
    assert.deepEqual(step({ wanted, heldUntilMs: 2_250 }, 2_000), { kind: "sleep", untilMs: 2_250 });
  });

  it("tries a failed revision again when its time has come, another one at once", () => {
    const failure = { revision: "b", attempts: 1, retryAtMs: 4_000 };
    const at = (revision: string, nowMs: number): Step => step({ wanted: { revision, isWhole: true }, failure }, nowMs);
    assert.deepEqual(at("b", 2_000), { kind: "sleep", untilMs: 4_000 });
    assert.deepEqual(at("b", 4_000), { kind: "attempt" });
    assert.deepEqual(at("c", 2_000), { kind: "attempt" });
    assert.deepEqual(at("a", 2_000), { kind: "sleep", untilMs: 6_000 }, "back to what is live");
  });

  it("starts nginx before anything else when it is down", () => {
    assert.deepEqual(step({ live: null, startAtMs: 2_000, isDirty: true }, 2_000), { kind: "start" });
  });

  it("goes on with the wanted revision while the start of the live one waits", () => {
    const down = { live: null, startAtMs: 9_000 };
    assert.deepEqual(step({ ...down, wanted: { revision: "b", isWhole: true } }, 2_000), { kind: "attempt" });
    assert.deepEqual(step({ ...down, wanted: null, lookedAtMs: 8_000 }, 8_001), { kind: "sleep", untilMs: 9_000 });
  });

  it("does nothing with a directory that cannot be read but look again", () => {
    assert.deepEqual(step({ wanted: null }, 2_000), { kind: "sleep", untilMs: 6_000 });
  });
});
