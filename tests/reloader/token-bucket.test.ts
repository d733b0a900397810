import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBucket, takeToken, tokenAt } from "../../src/reloader/token-bucket.ts";

/** How many tokens a taker gets who takes each as soon as it is there. */
const takenWithin = (durationMs: number): number => {
  let bucket = createBucket(3, 1000, 0);
  let count = 0;
  for (let nowMs = 0; nowMs <= durationMs; nowMs += 1) {
    while (tokenAt(bucket, nowMs) <= nowMs) {
      bucket = takeToken(bucket, nowMs);
      count += 1;
    }
  }
  return count;
};

describe("the token bucket", () => {
  it("gives its burst at once, then one in each interval", () => {
    assert.equal(takenWithin(0), 3);
    assert.equal(takenWithin(999), 3);
    assert.equal(takenWithin(1000), 4);
  });

  it("row 8: gives 13 in ten seconds, so that a storm costs at most 14 reloads with the one after it", () => {
    assert.equal(takenWithin(10_000), 13);
  });

  it("says when the next token is there", () => {
    let bucket = createBucket(1, 1000, 500);
    assert.equal(tokenAt(bucket, 500), 500);
    bucket = takeToken(bucket, 500);
    assert.equal(tokenAt(bucket, 500), 1500);
    assert.equal(tokenAt(bucket, 1200), 1500);
    assert.equal(tokenAt(bucket, 1500), 1500);
  });

  it("never holds more than its burst", () => {
    let bucket = createBucket(3, 1000, 0);
    for (const nowMs of [100_000, 100_000, 100_000]) bucket = takeToken(bucket, nowMs);
    assert.equal(tokenAt(bucket, 100_000), 101_000);
  });
});
