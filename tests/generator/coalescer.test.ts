import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCoalescer } from "../../src/generator/coalescer.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const setUp = () => {
  const clock = createFakeClock();
  const ranAtMs: number[] = [];
  const coalescer = createCoalescer({ quietMs: 20, maxWaitMs: 200, clock, run: () => ranAtMs.push(clock.nowMs()) });
  return { clock, ranAtMs, coalescer };
};

describe("createCoalescer()", () => {
  it("a lone change is worked on at once", () => {
    const { clock, ranAtMs, coalescer } = setUp();
    clock.advance(1000);
    coalescer.change();
    clock.advance(0);
    assert.deepEqual(ranAtMs, [1000]);
  });

  it("what follows closely waits for quiet, and is worked on together", () => {
    const { clock, ranAtMs, coalescer } = setUp();
    coalescer.change();
    clock.advance(0);
    for (let index = 0; index < 3; index += 1) {
      clock.advance(10);
      coalescer.change();
    }
    clock.advance(100);
    assert.deepEqual(ranAtMs, [0, 50]);
  });

  it("changes without an end are worked on after the longest wait", () => {
    const { clock, ranAtMs, coalescer } = setUp();
    coalescer.change();
    clock.advance(0);
    for (let index = 0; index < 100; index += 1) {
      clock.advance(5);
      coalescer.change();
    }
    clock.advance(100);
    assert.equal(ranAtMs[0], 0);
    assert.ok(ranAtMs.length >= 3 && ranAtMs.length <= 5, `ran at ${ranAtMs.join()}`);
    ranAtMs.slice(1).forEach((at, index) => {
      assert.ok(at - (ranAtMs[index] ?? 0) <= 225, `ran at ${ranAtMs.join()}`);
    });
    assert.equal(ranAtMs.at(-1), 520, "the last change is not lost");
  });

  it("after a quiet time the next change is again worked on at once", () => {
    const { clock, ranAtMs, coalescer } = setUp();
    coalescer.change();
    clock.advance(500);
    coalescer.change();
    clock.advance(0);
    assert.deepEqual(ranAtMs, [0, 500]);
  });

  it("cancel() forgets a change that waits", () => {
    const { clock, ranAtMs, coalescer } = setUp();
    coalescer.change();
    coalescer.cancel();
    clock.advance(1000);
    assert.deepEqual(ranAtMs, []);
  });
});
