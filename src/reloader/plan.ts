import { type Model, nextLookMs } from "./model.ts";
import { type SettleLimits, settledAt } from "./settle.ts";
import { tokenAt } from "./token-bucket.ts";

/**
 * The states of the reloader. `nextStep` alone decides what comes next while nothing runs; an attempt goes from
 * `testing` to its end by itself (attempt.ts, reload.ts, cold-start.ts).
 *
 * ```
 *   idle ─change→ looking ─→ settling ─→ testing ─ok→ promoting ─signal→ verifying ─seen→ applied ─→ looking ─→ idle
 *                    ↑                      │             │                  │
 *                    │                   refused      no room            not seen ─→ returning ─→ unverified
 *                    │                      ↓             ↓                                            │
 *                    └────── change ──── rejected       failed              each waits for its retry ──┴─→ testing
 *
 *   any ─nginx ended→ starting ─serves→ looking          starting ─does not→ down ─backoff→ starting
 * ```
 *
 * Resting, until a time or until something happens:
 *
 * | state | waits, since |
 * |---|---|
 * | `idle` | nginx serves what the directory holds; or the directory cannot be used, and what is live stays |
 * | `settling` | the files may not be whole yet |
 * | `limited` | changes come faster than the token bucket lets them be read and tried |
 * | `draining` | old workers take too much memory for another generation |
 * | `rejected` | `nginx -t` or the guard refused the revision: until its retry |
 * | `unverified` | nginx was not seen to serve the revision: until its retry |
 * | `failed` | the reloader could not do its own part (a full volume): until the retry |
 * | `down` | nginx could not be started: until the next start |
 *
 * Working: `looking` reads the directory, `testing` builds the release and runs `nginx -t`, `promoting` moves live.conf
 * and signals (or starts) nginx, `verifying` asks nginx what it serves, `returning` makes it serve the verified release
 * again, `applied` notes that it serves the new one, `starting` starts it from the verified release.
 */
export type State = RestingState | WorkingState;
export type RestingState = "idle" | "settling" | "limited" | "draining" | "rejected" | "unverified" | "failed" | "down";
export type WorkingState = "looking" | "testing" | "promoting" | "verifying" | "returning" | "applied" | "starting";

const anyRest: readonly RestingState[] = [
  "idle",
  "settling",
  "limited",
  "draining",
  "rejected",
  "unverified",
  "failed",
  "down",
];
/** From a rest the comparison or a change leads on, a retry, the death of nginx, or something else to wait for. */
const fromRest: readonly State[] = [...anyRest, "looking", "testing", "returning", "starting"];

/** What may follow a state. The tests hold real runs to it. */
export const transitions: Readonly<Record<State, readonly State[]>> = {
  idle: fromRest,
  settling: fromRest,
  limited: fromRest,
  draining: fromRest,
  rejected: fromRest,
  unverified: fromRest,
  failed: fromRest,
  down: fromRest,
  looking: [...anyRest, "testing", "starting"],
  testing: ["promoting", "rejected", "failed"],
  promoting: ["verifying", "failed"],
  verifying: ["applied", "returning", "unverified", "failed"],
  returning: ["unverified", "looking"],
  applied: ["looking", "limited", "starting"],
  starting: [...anyRest, "looking", "testing"],
};

export interface PlanLimits extends SettleLimits {
  readonly compareIntervalMs: number;
}

/**
 * What the loop does next.
 * - `start`: start nginx from the verified release
 * - `look`: read the configuration directory
 * - `attempt`: test, promote and verify the wanted revision
 * - `rest`: nothing until then, or until something happens
 */
export type Step =
  | { readonly kind: "start" }
  | { readonly kind: "look" }
  | { readonly kind: "attempt" }
  | { readonly kind: "rest"; readonly state: RestingState; readonly untilMs: number };

/** What an attempt waits for. */
interface Obstacle {
  readonly state: RestingState;
  readonly untilMs: number;
}

const never = Number.POSITIVE_INFINITY;

/** The obstacle that falls last; `idle` for ever when there is nothing to attempt. */
const obstacleOf = (model: Model, nowMs: number, limits: PlanLimits): Obstacle => {
  const { wanted, change, failure } = model;
  if (wanted === null || wanted.revision === model.live) return { state: "idle", untilMs: never };
  const obstacles: readonly Obstacle[] = [
    { state: "settling", untilMs: change === null ? nowMs : settledAt(change, wanted.isWhole, limits) },
    { state: "limited", untilMs: tokenAt(model.bucket, nowMs) },
    { state: "draining", untilMs: model.heldUntilMs },
    ...(failure?.revision === wanted.revision ? [{ state: failure.result, untilMs: failure.retryAtMs }] : []),
  ];
  return obstacles.reduce((last, next) => (next.untilMs > last.untilMs ? next : last));
};

/** Decides the next step from the whole model, never from what happened last. */
export const nextStep = (model: Model, nowMs: number, limits: PlanLimits): Step => {
  const startAt = model.startAtMs ?? never;
  if (startAt <= nowMs) return { kind: "start" };
  // Without a token nothing can follow from a look, and what is read later is newer.
  const dirtyLookAt = model.isDirty ? Math.max(nextLookMs(model), tokenAt(model.bucket, nowMs)) : never;
  const lookAt = Math.min(dirtyLookAt, model.lookedAtMs + limits.compareIntervalMs);
  if (lookAt <= nowMs) return { kind: "look" };
  // An attempt takes up what was read last: with a change unread it waits for that look, but not while change follows
  // change for ever. What was read is whole or settled, and newer than what nginx serves.
  const isOverdue = model.change !== null && nowMs >= model.change.firstMs + limits.maxWaitMs;
  const known = obstacleOf(model, nowMs, limits);
  const mustLook = model.isDirty && (!isOverdue || known.state === "idle");
  const obstacle: Obstacle = mustLook ? { state: "limited", untilMs: never } : known;
  if (obstacle.untilMs <= nowMs) return { kind: "attempt" };
  const state = model.startAtMs === null ? obstacle.state : "down";
  return { kind: "rest", state, untilMs: Math.min(startAt, lookAt, obstacle.untilMs) };
};
