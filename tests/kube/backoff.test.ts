import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBackoff } from "../../src/kube/backoff.ts";
import type { KubeClient, KubeResult } from "../../src/kube/client.ts";
import { sleep } from "../../src/kube/clock.ts";
import type { KubeFailure } from "../../src/kube/failure.ts";
import { createReflector } from "../../src/kube/reflector.ts";
import { SERVICES } from "../../src/kube/resource.ts";
import { waitFor } from "../support/wait.ts";
import { createFakeClock } from "./fake-clock.ts";

const LIMITS = { baseMs: 200, maxMs: 30_000, networkMaxMs: 2_000 };
const server = (retryAfterMs: number | null): KubeFailure => ({
  kind: "server",
  message: "",
  status: 503,
  retryAfterMs,
});
const network: KubeFailure = { kind: "network", message: "", code: "ECONNREFUSED" };

describe("createBackoff()", () => {
  it("doubles to its cap, and begins anew after a success", () => {
    const backoff = createBackoff(LIMITS, () => 1 - Number.EPSILON);
    const waits = Array.from({ length: 10 }, () => backoff.next(server(null)));
    assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    backoff.reset();
    assert.equal(backoff.attempt, 0);
    assert.equal(backoff.next(server(null)), 200);
  });

  it("never waits long where nothing answered, so that a server's return is noticed", () => {
    const backoff = createBackoff(LIMITS, () => 1 - Number.EPSILON);
    const waits = Array.from({ length: 50 }, () => backoff.next(network));
    assert.equal(Math.max(...waits), 2_000);
  });

  it("a server that was away for long, and answers with a fault when it is back, is asked again soon", () => {
    const backoff = createBackoff(LIMITS, () => 1 - Number.EPSILON);
    for (let failures = 0; failures < 1000; failures += 1) backoff.next(network);
    assert.deepEqual([backoff.next(server(null)), backoff.next(network), backoff.next(server(null))], [200, 2000, 400]);
    assert.equal(backoff.attempt, 1003);
  });

  it("spreads each wait over half of it", () => {
    const waits = [0, 0.25, 0.5, 0.999].map((random) => createBackoff(LIMITS, () => random).next(server(null)));
    assert.deepEqual(waits, [100, 125, 150, 200]);
  });

  it("waits at least as long as Retry-After says, and at most a tenth longer", () => {
    for (const random of [0, 0.5, 0.999]) {
      const waitMs = createBackoff(LIMITS, () => random).next(server(60_000));
      assert.ok(waitMs >= 60_000 && waitMs <= 66_000, `${waitMs} ms`);
    }
  });
});

describe("sleep()", () => {
  it("ends when its time is over, or when it is aborted, and leaves no timer", async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const over = sleep(clock, 100, controller.signal);
    clock.advance(100);
    await over;
    const aborted = sleep(clock, 100, controller.signal);
    controller.abort();
    await aborted;
    await sleep(clock, 100, controller.signal);
    assert.deepEqual(clock.pending(), []);
  });
});

describe("reflector's pace", () => {
  it("a 429 with Retry-After is not asked again before its time", async () => {
    const clock = createFakeClock();
    let requests = 0;
    const refused: KubeResult = { ok: false, failure: { kind: "tooManyRequests", message: "", retryAfterMs: 7_000 } };
    const list: KubeResult = { ok: true, status: 200, body: { metadata: { resourceVersion: "5" }, items: [] } };
    const client: KubeClient = {
      request: async () => {
        requests += 1;
        return requests === 1 ? refused : list;
      },
      stream: ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => resolve({ ok: false, failure: { kind: "aborted", message: "" } })),
        ),
      close: () => {},
    };
    const options = { client, resource: SERVICES, namespace: null, slim: (object: unknown) => object, clock };
    const reflector = createReflector({ ...options, random: () => 0 });
    const running = reflector.run();
    await waitFor("the wait", () => clock.pending().length === 1);
    assert.deepEqual(clock.pending(), [7_000]);
    clock.advance(6_999);
    assert.equal(requests, 1);
    clock.advance(1);
    await waitFor("the list", () => reflector.synced);
    assert.equal(requests, 2);
    await reflector.stop();
    await running;
  });
});
