import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type EventContent,
  eventKey,
  maxEventsOfService,
  maxStandingEvents,
  problemEvents,
  routedEvent,
} from "../../src/generator/events/content.ts";
import { createDenials, denialMs } from "../../src/generator/events/denials.ts";
import { maxNoteBytes, oneLineNote } from "../../src/generator/events/note.ts";
import { nextDueAtMs, planEvents, repeatAfterMs } from "../../src/generator/events/plan.ts";
import { createPostQueue, type EventPost, type PostKind } from "../../src/generator/events/queue.ts";
import { createRate } from "../../src/generator/events/rate.ts";
import { createRoutingTracker } from "../../src/generator/events/routings.ts";
import type { Problem } from "../../src/routes/problem.ts";
import type { ServiceRef } from "../../src/routes/service.ts";
import { routesOf } from "./events-fixture.ts";

const problem = (name: string, more: Partial<Problem> = {}): Problem => ({
  service: { namespace: "default", name },
  reason: "InvalidValue",
  key: "hotroute.io/port",
  value: "x_y",
  message: "expected a port's number or name",
  ...more,
});
const uidOf = ({ name }: ServiceRef): string => `uid-of-${name}`;
const contentsOf = (...problems: readonly Problem[]): readonly EventContent[] =>
  problemEvents(problems, uidOf).contents;
const only = (...problems: readonly Problem[]): EventContent => {
  const [content] = contentsOf(...problems);
  assert.ok(content);
  return content;
};
const names = (contents: readonly EventContent[]): readonly string[] => contents.map(({ service }) => service.name);

describe("oneLineNote()", () => {
  it("is one line without control characters", () => {
    assert.equal(oneLineNote(" a\n\tb\u001b[31mc\r\n", "!"), "a b [31mc!");
  });

  it("is cut to 1 KiB between two characters, and never at its end", () => {
    for (const character of ["x", "é", "…", "🐘"]) {
      for (let shift = 0; shift < 4; shift += 1) {
        const note = oneLineNote("y".repeat(shift) + character.repeat(1024), ", 12 ms");
        assert.ok(Buffer.byteLength(note) <= maxNoteBytes);
        assert.ok(Buffer.byteLength(note) > maxNoteBytes - 4, "no more than needed is lost");
        assert.doesNotMatch(note, /\u{fffd}/u);
        assert.match(note, /…, 12 ms$/);
      }
    }
    assert.equal(oneLineNote("x".repeat(maxNoteBytes)), "x".repeat(maxNoteBytes));
  });
});

describe("problemEvents()", () => {
  it("says key, value and what was expected", () => {
    assert.deepEqual(
      { ...only(problem("shop")), name: "" },
      {
        service: { namespace: "default", name: "shop" },
        uid: "uid-of-shop",
        name: "",
        type: "Warning",
        reason: "InvalidValue",
        note: 'hotroute.io/port="x_y": expected a port\'s number or name',
      },
    );
    assert.equal(only(problem("shop", { key: null, value: null, message: "is headless" })).note, "is headless");
  });

  it("names an Event by its content: the same for the same, another for any other", () => {
    const base = only(problem("shop"));
    assert.match(base.name, /^shop\.[0-9a-f]{20}$/);
    assert.equal(only(problem("shop")).name, base.name);
    const others = [
      only(problem("shop", { reason: "Conflict" })),
      only(problem("shop", { key: "hotroute.io/path" })),
      only(problem("shop", { value: "x_z" })),
      only(problem("shop", { value: null })),
      only(problem("shop", { message: "expected" })),
      ...problemEvents([problem("shop")], () => "made anew").contents,
    ];
    assert.equal(new Set([base, ...others].map(({ name }) => name)).size, others.length + 1);
  });

  it("leaves out a Service that is gone", () => {
    assert.deepEqual(
      problemEvents([problem("shop")], () => null),
      { contents: [], leftOut: 0 },
    );
  });

  it("posts so many for one Service at most, and the last says how many more there are", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => problem("shop", { value: `${index}` }));
    assert.equal(contentsOf(...many(maxEventsOfService)).at(-1)?.note, only(problem("shop", { value: "9" })).note);
    const notes = contentsOf(...many(50)).map(({ note }) => note);
    assert.equal(notes.length, maxEventsOfService);
    assert.equal(notes.at(-1), "and 41 more problems, named in the generator's log");
  });

  it("is bounded over all Services, and counts what is left out", () => {
    const many = Array.from({ length: maxStandingEvents + 7 }, (_, index) => problem(`shop-${index}`));
    const { contents, leftOut } = problemEvents(many, uidOf);
    assert.deepEqual([contents.length, leftOut], [maxStandingEvents, 7]);
  });
});

describe("planEvents()", () => {
  it("posts a new problem once, and forgets one that is gone", () => {
    const first = planEvents(new Map(), contentsOf(problem("a"), problem("b")), 0);
    assert.deepEqual([names(first.appeared), first.due], [["a", "b"], []]);
    const same = planEvents(first.standing, contentsOf(problem("b"), problem("a")), 1000);
    assert.deepEqual([same.appeared, same.due], [[], []]);
    const gone = planEvents(same.standing, contentsOf(problem("a")), 2000);
    assert.deepEqual([gone.appeared, gone.due, [...gone.standing.keys()]], [[], [], [eventKey(only(problem("a")))]]);
    const back = planEvents(gone.standing, contentsOf(problem("a"), problem("b")), 3000);
    assert.deepEqual(names(back.appeared), ["b"]);
  });

  it("renews what stands every 30 minutes", () => {
    const first = planEvents(new Map(), contentsOf(problem("a")), 0);
    const second = planEvents(first.standing, contentsOf(problem("a"), problem("b")), 600_000);
    assert.equal(nextDueAtMs(second.standing), repeatAfterMs);
    assert.deepEqual(planEvents(second.standing, contentsOf(problem("a"), problem("b")), repeatAfterMs - 1).due, []);
    const third = planEvents(second.standing, contentsOf(problem("a"), problem("b")), repeatAfterMs);
    assert.deepEqual([names(third.due), third.appeared], [["a"], []]);
    assert.equal(nextDueAtMs(third.standing), 600_000 + repeatAfterMs);
  });

  it("takes a problem that comes twice as one", () => {
    assert.equal(planEvents(new Map(), contentsOf(problem("a"), problem("a")), 0).appeared.length, 1);
  });

  it("has nothing due where nothing stands", () => {
    assert.equal(nextDueAtMs(planEvents(new Map(), [], 0).standing), null);
  });
});

describe("createRoutingTracker()", () => {
  it("who is routed at the start makes no transition", () => {
    const tracker = createRoutingTracker(uidOf);
    tracker.published(routesOf({ a: "a.example.com" }), "one");
    assert.deepEqual(tracker.live("one"), []);
    assert.equal(tracker.isRouted("uid-of-a"), true);
  });

  it("who becomes routed is given once, when that file is live", () => {
    const tracker = createRoutingTracker(uidOf);
    tracker.published([], "one");
    tracker.published(routesOf({ a: "b.example.com,a.example.com" }), "two");
    assert.deepEqual(tracker.live("one"), []);
    const [routing] = tracker.live("two");
    assert.ok(routing);
    const { note, type, reason } = routedEvent(routing, 187.4);
    assert.deepEqual(
      [type, reason, note],
      [
        "Normal",
        "Routed",
        "nginx serves a.example.com / (Prefix), b.example.com / (Prefix), 187 ms after the change was seen",
      ],
    );
    assert.deepEqual(tracker.live("two"), []);
    assert.equal(routedEvent(routing, null).name, routedEvent(routing, 5).name, "whatever time a replica measured");
  });

  it("a change of what is routed already is no transition; an end and a new beginning are", () => {
    const tracker = createRoutingTracker(uidOf);
    tracker.published(routesOf({ a: "a.example.com" }), "one");
    tracker.published(routesOf({ a: "other.example.com" }), "two");
    assert.deepEqual(tracker.live("two"), []);
    tracker.published([], "three");
    assert.equal(tracker.isRouted("uid-of-a"), false);
    tracker.published(routesOf({ a: "a.example.com" }), "four");
    assert.equal(tracker.live("four").length, 1);
  });

  it("a Service of the same name that was made anew is another one", () => {
    let generation = 1;
    const tracker = createRoutingTracker(() => `uid-${generation}`);
    tracker.published(routesOf({ a: "a.example.com" }), "one");
    generation = 2;
    tracker.published(routesOf({ a: "a.example.com" }), "two");
    assert.deepEqual(
      tracker.live("two").map(({ uid }) => uid),
      ["uid-2"],
    );
  });

  it("who is routed no more before nginx serves it is not told", () => {
    const tracker = createRoutingTracker(uidOf);
    tracker.published([], "one");
    tracker.published(routesOf({ a: "a.example.com", b: "b.example.com" }), "two");
    tracker.published(routesOf({ b: "b.example.com" }), "three");
    assert.deepEqual(
      tracker.live("two").map(({ service }) => service.name),
      ["b"],
    );
  });

  it("who loses every match to another Service is not routed, until that one is gone", () => {
    const tracker = createRoutingTracker(uidOf);
    tracker.published(routesOf({ a: "x.example.com", b: "x.example.com" }), "one");
    assert.deepEqual([tracker.isRouted("uid-of-a"), tracker.isRouted("uid-of-b")], [true, false]);
    tracker.published(routesOf({ b: "x.example.com" }), "two");
    assert.deepEqual(
      tracker.live("two").map(({ uid }) => uid),
      ["uid-of-b"],
    );
  });

  it("a note names some of many matches, and says how many more there are", () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `h${String(index).padStart(2, "0")}.example.com`);
    const tracker = createRoutingTracker(uidOf);
    tracker.published([], "one");
    tracker.published(routesOf({ a: hosts.join() }), "two");
    const [routing] = tracker.live("two");
    assert.ok(routing);
    assert.match(
      routedEvent(routing, 9).note,
      /^nginx serves h00\.example\.com \/ \(Prefix\), .*h09\.example\.com \/ \(Prefix\) and 30 more, 9 ms after/,
    );
  });
});

describe("createPostQueue()", () => {
  const post = (kind: PostKind, name: string, failures = 0): EventPost => ({
    kind,
    content: only(problem(name)),
    observedAtMs: 0,
    failures,
  });
  const takeAll = (queue: ReturnType<typeof createPostQueue>): readonly string[] => {
    const taken: string[] = [];
    for (let next = queue.take(() => true); next !== null; next = queue.take(() => true)) {
      taken.push(`${next.kind} ${next.content.service.name}`);
    }
    return taken;
  };

  it("lets the kinds take turns, each in its own order", () => {
    const queue = createPostQueue();
    for (const name of ["a", "b", "c"]) queue.put(post("standing", name));
    queue.put(post("transition", "d"));
    for (const name of ["e", "f"]) queue.put(post("appeared", name));
    assert.deepEqual(takeAll(queue), [
      "appeared e",
      "transition d",
      "standing a",
      "appeared f",
      "standing b",
      "standing c",
    ]);
  });

  it("holds each Event once, and renews none that still waits to be created", () => {
    const queue = createPostQueue();
    queue.put(post("appeared", "a"));
    queue.put(post("appeared", "b"));
    queue.put(post("appeared", "a", 3));
    queue.put(post("standing", "a"));
    assert.equal(queue.size, 2);
    assert.equal(queue.take(() => true)?.failures, 3);
    assert.deepEqual(takeAll(queue), ["appeared b"]);
  });

  it("passes over what may not be sent now, and forgets what is no longer wanted", () => {
    const queue = createPostQueue();
    for (const name of ["a", "b", "c"]) queue.put(post("appeared", name));
    assert.equal(queue.take(({ content }) => content.service.name === "b")?.content.service.name, "b");
    assert.equal(
      queue.take(() => false),
      null,
    );
    queue.prune(({ content }) => content.service.name === "c");
    assert.deepEqual(takeAll(queue), ["appeared c"]);
  });
});

describe("createRate()", () => {
  it("lets no second see more than its number, also after a rest", () => {
    const rate = createRate(5);
    const takenAtMs: number[] = [];
    let nowMs = 10_000;
    for (let index = 0; index < 23; index += 1) {
      // Neither the rests nor the pace are those of the rate.
      nowMs += index % 7 === 0 ? 730 : 40;
      nowMs += rate.waitMs(nowMs);
      rate.take(nowMs);
      takenAtMs.push(nowMs);
    }
    for (const atMs of takenAtMs) {
      assert.ok(takenAtMs.filter((other) => other >= atMs && other < atMs + 1000).length <= 5);
    }
    assert.deepEqual(
      takenAtMs.slice(0, 5),
      [10_730, 10_770, 10_810, 10_850, 10_890],
      "the first five wait for nothing",
    );
    assert.equal(takenAtMs[5], 11_730);
  });
});

describe("createDenials()", () => {
  it("keeps a verb in a namespace closed for ten minutes; the first refusal of a verb is worth a warning", () => {
    const denials = createDenials();
    assert.equal(denials.deny("create", "a", 0), true);
    assert.equal(denials.deny("create", "b", 10), false);
    assert.equal(denials.deny("patch", "a", 20), true);
    assert.equal(denials.isDenied(["create"], "a", denialMs - 1), true);
    assert.equal(denials.isDenied(["get"], "a", 30), false);
    assert.equal(denials.isDenied(["create"], "c", 30), false);
    assert.equal(denials.nextTryAtMs(30), denialMs);
    assert.equal(denials.nextTryAtMs(denialMs), denialMs + 10);
    assert.equal(denials.isDenied(["create"], "a", denialMs), false);
    assert.equal(denials.deny("create", "a", denialMs), false, "still the same refusal");
    assert.equal(denials.allow(["create"], "a"), true);
    assert.equal(denials.allow(["create"], "a"), false);
    assert.equal(denials.allow(["create"], "b"), true);
    assert.equal(denials.deny("create", "a", 2 * denialMs), true, "a new one, after all were allowed");
  });
});
