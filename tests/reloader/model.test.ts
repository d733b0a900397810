import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retryDelayMs } from "../../src/reloader/backoff.ts";
import * as models from "../../src/reloader/model.ts";
import { nextStep } from "../../src/reloader/plan.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const limits = { quietMs: 50, maxWaitMs: 500, compareIntervalMs: 5_000 };

/** What the world answers to the loop's steps. */
interface World {
  readonly wanted: (nowMs: number) => models.Wanted | null;
  readonly attempt: (revision: string, nowMs: number) => "applied" | models.Failure["result"] | "killed nginx";
}

/** When something was attempted, and how it ended. */
type Attempted = readonly [atMs: number, revision: string, result: ReturnType<World["attempt"]>];

/**
 * Runs the decisions on a clock that passes at once: a look takes 1 ms, an attempt 100 ms, a start of nginx 50 ms.
 *
 * @param changesMs when the watch tells of a change
 */
const simulate = (world: World, changesMs: readonly number[], untilMs: number): readonly Attempted[] => {
  const clock = createFakeClock();
  let model = models.serving(models.createModel(3, 1_000, 0), "live");
  let seen: string | null = null;
  for (const atMs of changesMs) {
    clock.after(atMs, () => {
      model = models.changed(model, clock.nowMs());
    });
  }
  const attempted: Attempted[] = [];
  while (clock.nowMs() < untilMs) {
    const startMs = clock.nowMs();
    const next = nextStep(model, startMs, limits);
    switch (next.kind) {
      case "look": {
        model = models.lookBegun(model);
        const wanted = world.wanted(startMs);
        clock.advance(1);
        model = models.looked(model, wanted, wanted !== null && wanted.revision !== seen, startMs, clock.nowMs());
        seen = wanted?.revision ?? null;
        break;
      }
      case "attempt": {
        const { revision = "" } = model.wanted ?? {};
        model = models.attemptBegun(model, revision, startMs);
        clock.advance(100);
        const result = world.attempt(revision, clock.nowMs());
        attempted.push([startMs, revision, result]);
        if (result === "applied") {
          model = models.serving(model, revision);
          break;
        }
        const isKilled = result === "killed nginx";
        const delayMs = retryDelayMs(models.failedAttempts(model, revision) + 1, isKilled ? "outage" : "nothing");
        model = models.attemptFailed(model, revision, isKilled ? "unverified" : result, clock.nowMs() + delayMs);
        if (isKilled) model = models.down(model, clock.nowMs());
        break;
      }
      case "start":
        clock.advance(50);
        model = models.serving(model, "live");
        break;
      case "rest": {
        // As the loop does: until then, or until a change, whichever comes first.
        const nextChangeMs = changesMs.find((atMs) => atMs > startMs) ?? Number.POSITIVE_INFINITY;
        clock.advance(Math.max(1, Math.min(next.untilMs, nextChangeMs) - startMs));
        break;
      }
    }
  }
  return attempted;
};

const always =
  (revision: string, isWhole = true) =>
  (): models.Wanted => ({ revision, isWhole });

describe("the loop's decisions on a fake clock", () => {
  it("a lone whole change is attempted at once, and never again", () => {
    const world: World = {
      wanted: (nowMs) => ({ revision: nowMs < 1_000 ? "live" : "new", isWhole: true }),
      attempt: () => "applied",
    };
    assert.deepEqual(simulate(world, [1_000], 60_000), [[1_001, "new", "applied"]]);
  });

  it("a change that nobody told of is found by the comparison, and settles", () => {
    const world: World = {
      wanted: (nowMs) => ({ revision: nowMs < 1_000 ? "live" : "new", isWhole: false }),
      attempt: () => "applied",
    };
    assert.deepEqual(simulate(world, [], 60_000), [[5_051, "new", "applied"]]);
  });

  it("row 1: a rejected revision is tried again after 5 s, doubling to 5 minutes, and at once when the files change", () => {
    const refused: World = { wanted: always("bad"), attempt: () => "rejected" };
    const times = simulate(refused, [], 1_000_000).map(([atMs]) => atMs);
    const gaps = times.slice(1).map((atMs, index) => Math.round((atMs - (times[index] ?? 0)) / 1000));
    assert.deepEqual(gaps, [5, 10, 20, 40, 80, 160, 300, 300]);
    const corrected: World = {
      wanted: (nowMs) => ({ revision: nowMs < 33_000 ? "bad" : "good", isWhole: true }),
      attempt: (revision) => (revision === "bad" ? "rejected" : "applied"),
    };
    assert.deepEqual(simulate(corrected, [33_000], 60_000).at(-1), [33_001, "good", "applied"]);
  });

  it("row 8: a storm of 1,000 changes a second for 10 s costs at most 14 attempts, and the last one is live", () => {
    const changes = Array.from({ length: 10_000 }, (_, index) => index + 1);
    const world: World = {
      wanted: (nowMs) => ({ revision: `r${Math.min(nowMs, 10_000)}`, isWhole: true }),
      attempt: () => "applied",
    };
    const attempts = simulate(world, changes, 30_000);
    assert.ok(attempts.length <= 14, `${attempts.length} attempts`);
    const [atMs, revision] = attempts.at(-1) ?? [];
    assert.equal(revision, "r10000");
    assert.ok(atMs !== undefined && atMs <= 11_500);
  });

  it("row 9: a change while an attempt runs costs one more attempt", () => {
    const world: World = {
      wanted: (nowMs) => ({ revision: nowMs < 1_050 ? "first" : "second", isWhole: true }),
      attempt: () => "applied",
    };
    // The second and third change come while the first is being tested and verified.
    const attempts = simulate(world, [1_000, 1_050, 1_060], 60_000);
    assert.deepEqual(
      attempts.map(([, revision]) => revision),
      ["first", "second"],
    );
  });

  it("row 11: back to what is live is no attempt, and forgets the failure", () => {
    const world: World = {
      wanted: (nowMs) => ({ revision: nowMs >= 2_000 && nowMs < 3_000 ? "bad" : "live", isWhole: true }),
      attempt: () => "rejected",
    };
    assert.deepEqual(simulate(world, [2_000, 3_000], 60_000), [[2_001, "bad", "rejected"]]);
  });

  it("row 14: a revision that kills nginx is not tried three times in a minute", () => {
    const deadly: World = { wanted: always("deadly"), attempt: () => "killed nginx" };
    const times = simulate(deadly, [], 1_000_000).map(([atMs]) => atMs);
    const gaps = times.slice(1).map((atMs, index) => Math.round((atMs - (times[index] ?? 0)) / 1000));
    assert.deepEqual(gaps, [15, 60, 240, 300, 300]);
  });

  it("row 3: a directory that cannot be read costs no attempt, and what comes back is attempted", () => {
    const world: World = {
      wanted: (nowMs) => (nowMs < 20_000 ? null : { revision: "back", isWhole: true }),
      attempt: () => "applied",
    };
    assert.deepEqual(
      simulate(world, [1_000], 60_000).map(([, ...rest]) => rest),
      [["back", "applied"]],
    );
  });
});

describe("the model", () => {
  const empty = models.createModel(3, 1_000, 0);

  it("changed() keeps the time of the first change, and asks for a look", () => {
    const twice = models.changed(models.changed({ ...empty, isDirty: false }, 10), 20);
    assert.deepEqual([twice.change, twice.isDirty], [{ firstMs: 10, lastMs: 20 }, true]);
  });

  it("attemptBegun() forgets the failure of another revision, takes a token and takes up the change", () => {
    const failed = models.attemptFailed(models.changed(empty, 1), "b", "rejected", 5_000);
    assert.equal(models.failedAttempts(models.attemptBegun(failed, "b", 10), "b"), 1);
    const begun = models.attemptBegun(failed, "c", 10);
    assert.deepEqual([begun.failure, begun.change, begun.bucket.fullAtMs], [null, null, 1_010]);
  });

  it("serving() another revision keeps a failure: nginx was only started from the verified one", () => {
    const failed = models.down(models.attemptFailed(empty, "b", "unverified", 60_000), 10);
    const started = models.serving(failed, "a");
    assert.deepEqual([started.live, started.startAtMs, started.failure?.retryAtMs], ["a", null, 60_000]);
    assert.equal(models.serving(failed, "b").failure, null);
  });

  it("held() and down() say until when", () => {
    assert.equal(models.held(empty, 250).heldUntilMs, 250);
    assert.deepEqual([models.down(empty, 7).startAtMs, models.down(empty, null).startAtMs], [7, null]);
  });
});
