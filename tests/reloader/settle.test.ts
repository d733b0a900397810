import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noteChange, settledAt } from "../../src/reloader/settle.ts";

const limits = { quietMs: 50, maxWaitMs: 500 };

describe("settledAt()", () => {
  it("takes whole files at once", () => {
    assert.equal(settledAt(noteChange(null, 1000), true, limits), 1000);
  });

  it("waits for a quiet time after the last change otherwise", () => {
    const change = noteChange(noteChange(null, 1000), 1030);
    assert.equal(settledAt(change, false, limits), 1080);
  });

  it("waits no longer than the maximum after the first change", () => {
    let change = noteChange(null, 1000);
    for (let atMs = 1010; atMs <= 3000; atMs += 10) change = noteChange(change, atMs);
    assert.equal(settledAt(change, false, limits), 1500);
  });
});
