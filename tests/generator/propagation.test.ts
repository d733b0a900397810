import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReloaderStatus, StatusState } from "../../src/contract/status.ts";
import { createPropagationTracker } from "../../src/generator/propagation.ts";

const hash = (digit: string): string => digit.repeat(64);
const status = (digit: string, state: StatusState = "applied"): ReloaderStatus => ({
  version: 1,
  files: { "default.conf": hash(digit) },
  wanted: hash("f"),
  live: hash("f"),
  liveFiles: {},
  refusedBy: null,
  state,
  message: "",
  at: null,
  testedMs: null,
  firstMs: null,
  settledMs: null,
  attempts: 1,
  since: "2026-01-01T00:00:00Z",
});

describe("createPropagationTracker()", () => {
  it("counts from the first event to the status that says applied", () => {
    const tracker = createPropagationTracker("default.conf");
    tracker.published({ hash: hash("a"), seenAtMs: 100, changed: ["default/a"], changes: 1 }, 0);
    assert.deepEqual(tracker.observe(status("a", "pending"), 120), []);
    const live = tracker.observe(status("a"), 180);
    assert.deepEqual(live, [{ hash: hash("a"), seenAtMs: 100, changed: ["default/a"], changes: 1, propagationMs: 80 }]);
    assert.deepEqual(tracker.observe(status("a"), 200), [], "each is told once");
  });

  it("a later configuration brings the earlier ones live with it", () => {
    const tracker = createPropagationTracker("default.conf");
    tracker.published({ hash: hash("a"), seenAtMs: 0, changed: [], changes: 0 }, 0);
    tracker.published({ hash: hash("b"), seenAtMs: 50, changed: [], changes: 0 }, 0);
    tracker.published({ hash: hash("c"), seenAtMs: 90, changed: [], changes: 0 }, 0);
    assert.deepEqual(
      tracker.observe(status("b"), 100).map(({ propagationMs }) => propagationMs),
      [100, 50],
    );
    assert.deepEqual(
      tracker.observe(status("c"), 110).map(({ propagationMs }) => propagationMs),
      [20],
    );
  });

  it("a rejected configuration stays on its way", () => {
    const tracker = createPropagationTracker("default.conf");
    tracker.published({ hash: hash("a"), seenAtMs: 0, changed: [], changes: 0 }, 0);
    assert.deepEqual(tracker.observe(status("a", "rejected"), 10), []);
    assert.deepEqual(tracker.observe(status("0"), 20), [], "an older one that is applied again");
    assert.equal(tracker.observe(status("a"), 30).length, 1);
  });

  it("a change that was taken back before nginx saw it is live as soon as it is written", () => {
    const tracker = createPropagationTracker("default.conf");
    const publish = (digit: string, atMs: number) =>
      tracker.published({ hash: hash(digit), seenAtMs: atMs, changed: [], changes: 0 }, atMs + 5);
    publish("a", 0);
    assert.equal(tracker.observe(status("a"), 100).length, 1);
    assert.deepEqual(publish("b", 200), []);
    assert.deepEqual(
      publish("a", 300).map(({ propagationMs }) => propagationMs),
      [105, 5],
    );
    assert.deepEqual(publish("c", 3_600_000), []);
    assert.deepEqual(
      tracker.observe(status("c"), 3_600_100).map(({ propagationMs }) => propagationMs),
      [100],
    );
  });

  it("what no event led to has no propagation time", () => {
    const tracker = createPropagationTracker("default.conf");
    tracker.published({ hash: hash("a"), seenAtMs: null, changed: [], changes: 0 }, 0);
    assert.equal(tracker.observe(status("a"), 30)[0]?.propagationMs, null);
  });
});
