import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isHopeless, recordDeath, retryDelayMs } from "../../src/reloader/backoff.ts";

describe("retryDelayMs()", () => {
  it("is 5 s, doubling to 5 minutes", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempts) => retryDelayMs(attempts, "nothing")),
      [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000],
    );
  });
});

describe("retryDelayMs() after an outage", () => {
  it("is 15 s, a minute, 4 and 5 minutes: each try costs every connection", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 1000].map((attempts) => retryDelayMs(attempts, "outage")),
      [15_000, 60_000, 240_000, 300_000, 300_000, 300_000],
    );
  });
});

describe("isHopeless()", () => {
  const after = (...deathsMs: readonly number[]): boolean =>
    isHopeless(deathsMs.reduce<readonly number[]>(recordDeath, []));

  it("is after three deaths in 60 s", () => {
    assert.equal(after(0, 30_000), false);
    assert.equal(after(0, 30_000, 59_999), true);
  });

  it("is not when they are further apart", () => {
    assert.equal(after(0, 30_000, 60_000), false);
    assert.equal(after(0, 40_000, 80_000, 120_000, 160_000), false);
  });
});
