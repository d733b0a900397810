import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeFailure } from "../../src/kube/failure.ts";
import { createPermissionLog } from "../../src/kube/permission.ts";
import type { ReflectorState } from "../../src/kube/reflection.ts";
import { createRefusal } from "../../src/kube/refusal.ts";
import { createFakeClock } from "./fake-clock.ts";

const after = (failure: KubeFailure, failed: "list" | "watch" = "list"): ReflectorState => ({
  kind: "backing-off",
  failed,
  failure,
  attempt: 1,
  delayMs: 1,
});
const forbidden = (verb: string, namespace: string | null = "a"): ReflectorState =>
  after({ kind: "forbidden", message: "no", denied: { verb, resource: "services", namespace } });
const unreachable = after({ kind: "network", message: "refused", code: "ECONNREFUSED" });
const watching: ReflectorState = { kind: "watching", resourceVersion: "1" };
const listing: ReflectorState = { kind: "listing", reason: "first" };

describe("createPermissionLog()", () => {
  it("says what is refused once, again when the verb changes, and when the watch opens", () => {
    const log = createPermissionLog();
    const kinds = [
      forbidden("list"),
      listing,
      forbidden("list"),
      unreachable,
      forbidden("list"),
      forbidden("watch"),
      forbidden("watch"),
      watching,
      watching,
      forbidden("watch"),
    ].map((state) => log.observe(state, "a")?.kind ?? null);
    const [said, none] = ["forbidden", null];
    assert.deepEqual(kinds, [said, none, none, none, none, said, none, "allowed", none, said]);
    assert.equal(log.forbiddenCount, 1);
  });

  it("knows each namespace by itself, and what to grant", () => {
    const log = createPermissionLog();
    const inOne = log.observe(forbidden("list", "a"), "a");
    const inAll = log.observe(forbidden("list", null), null);
    assert.ok(inOne?.kind === "forbidden" && inAll?.kind === "forbidden");
    assert.equal(inOne.grant, "a Role with list and watch on services, and a RoleBinding, in namespace a");
    assert.equal(inAll.grant, "a ClusterRole with list and watch on services, and a ClusterRoleBinding");
    assert.equal(log.forbiddenCount, 2);
  });
});

describe("createRefusal()", () => {
  const follow = () => {
    const clock = createFakeClock();
    let settled = 0;
    const refusal = createRefusal(clock, 1000, () => {
      settled += 1;
    });
    return { clock, refusal, settled: () => settled };
  };

  it("is settled after the grace, with a second answer, and says so once", () => {
    const { clock, refusal, settled } = follow();
    refusal.observe(forbidden("list"));
    clock.advance(5000);
    assert.equal(refusal.isSettled, false, "one answer says too little");
    refusal.observe(listing);
    refusal.observe(forbidden("list"));
    assert.equal(refusal.isSettled, true);
    refusal.observe(forbidden("list"));
    assert.equal(settled(), 1);
  });

  it("is settled when the grace ends, without waiting for the next answer", () => {
    const { clock, refusal, settled } = follow();
    refusal.observe(forbidden("list"));
    clock.advance(500);
    refusal.observe(forbidden("list"));
    clock.advance(499);
    assert.equal(refusal.isSettled, false);
    clock.advance(1);
    assert.equal(refusal.isSettled, true);
    assert.equal(settled(), 1);
  });

  it("begins anew after any other failure, and ends with the list", () => {
    const { clock, refusal, settled } = follow();
    refusal.observe(forbidden("list"));
    refusal.observe(forbidden("list"));
    clock.advance(999);
    refusal.observe(unreachable);
    clock.advance(5000);
    refusal.observe(forbidden("list"));
    refusal.observe(forbidden("list"));
    clock.advance(999);
    assert.equal(refusal.isSettled, false);
    refusal.end();
    clock.advance(5000);
    assert.deepEqual([refusal.isSettled, settled()], [false, 0]);
  });
});
