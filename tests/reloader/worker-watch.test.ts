import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NginxChild } from "../../src/reloader/processes.ts";
import { createWorkerWatch } from "../../src/reloader/worker-watch.ts";

const worker = (pid: number, startTicks = 1): NginxChild => ({ pid, startTicks, role: "active" });

describe("createWorkerWatch()", () => {
  it("counts the workers that are gone since the last time", () => {
    const watch = createWorkerWatch();
    assert.equal(watch.compare(1, [worker(2), worker(3)]), 0, "nothing is known before");
    assert.equal(watch.compare(1, [worker(2), worker(4)]), 1);
    assert.equal(watch.compare(1, [worker(5), worker(6)]), 2);
    assert.equal(watch.compare(1, [worker(5), worker(6)]), 0);
  });

  it("is not deceived by a number that was given out anew", () => {
    const watch = createWorkerWatch();
    watch.compare(1, [worker(2, 1)]);
    assert.equal(watch.compare(1, [worker(2, 9)]), 1);
  });

  it("counts neither a reload nor another master", () => {
    const watch = createWorkerWatch();
    watch.compare(1, [worker(2)]);
    watch.forget();
    assert.equal(watch.compare(1, [worker(3)]), 0);
    assert.equal(watch.compare(9, [worker(10)]), 0);
  });
});
