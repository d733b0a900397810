import assert from "node:assert/strict";
import { test } from "node:test";
import { humanDuration } from "../../src/apiserver/human-duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The cases of k8s.io/apimachinery/pkg/util/duration. */
const CASES: readonly (readonly [number, string])[] = [
  [-3 * SECOND, "<invalid>"],
  [-SECOND, "0s"],
  [0, "0s"],
  [999, "0s"],
  [119 * SECOND, "119s"],
  [2 * MINUTE, "2m"],
  [2 * MINUTE + SECOND, "2m1s"],
  [10 * MINUTE + SECOND, "10m"],
  [3 * HOUR - SECOND, "179m"],
  [3 * HOUR, "3h"],
  [3 * HOUR + MINUTE, "3h1m"],
  [8 * HOUR + MINUTE, "8h"],
  [48 * HOUR - SECOND, "47h"],
  [48 * HOUR, "2d"],
  [2 * DAY + HOUR, "2d1h"],
  [8 * DAY + HOUR, "8d"],
  [2 * 365 * DAY - SECOND, "729d"],
  [2 * 365 * DAY, "2y"],
  [2 * 365 * DAY + DAY, "2y1d"],
  [8 * 365 * DAY + DAY, "8y"],
];

test("humanDuration() writes ages as kubectl does", () => {
  for (const [milliseconds, expected] of CASES)
    assert.equal(humanDuration(milliseconds), expected, String(milliseconds));
});
