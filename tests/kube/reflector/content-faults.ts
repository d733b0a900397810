import assert from "node:assert/strict";
import { it } from "node:test";
import { startFaultyIntermediary } from "../../support/faulty-intermediary.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { clientFor, createNamespace, observe, QUICK } from "../fixture.ts";

const status = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason} (made)` });
const errorEvent = (code: number, reason: string): string => `{"type":"ERROR","object":${status(code, reason)}}`;

export const contentFaultTests = (given: () => TestApiServer): void => {
  const bigAnnotation = "x".repeat(10_000_000);
  const contentFaults = [
    { what: "500", fault: { kind: "answer", status: 500, body: status(500, "InternalError") }, kind: "server" },
    {
      what: "502 with a page of HTML",
      fault: { kind: "answer", status: 502, body: "<html>\n<p>no\n" },
      kind: "server",
    },
    {
      what: "429",
      fault: { kind: "answer", status: 429, body: status(429, "TooManyRequests") },
      kind: "tooManyRequests",
    },
    {
      what: "an ERROR event 500",
      fault: { kind: "lines", lines: [errorEvent(500, "InternalError")], ending: "end" },
      kind: "server",
    },
    {
      what: "half a JSON line, then the end",
      fault: { kind: "lines", lines: ['{"type":"ADD'], ending: "end" },
      kind: "malformed",
    },
    { what: "a line that is no object", fault: { kind: "lines", lines: ["[1,2]"], ending: "hang" }, kind: "malformed" },
    {
      what: "an unknown event type",
      fault: { kind: "lines", lines: ['{"type":"MELTED","object":{}}'], ending: "hang" },
      kind: "malformed",
    },
    {
      what: "an event without an object",
      fault: { kind: "lines", lines: ['{"type":"ADDED"}'], ending: "hang" },
      kind: "malformed",
    },
    { what: "a reset after nothing", fault: { kind: "lines", lines: [], ending: "reset" }, kind: "network" },
    { what: "an end at once", fault: { kind: "lines", lines: [], ending: "end" }, kind: "network" },
    { what: "a line over the cap", fault: { kind: "lines", lines: [bigAnnotation], ending: "hang" }, kind: "tooLarge" },
  ] as const;
  for (const { what, fault, kind } of contentFaults) {
    it(`${what} on a watch: backoff with jitter, then it goes on where it was`, async (t) => {
      const server = given();
      const namespace = await createNamespace(server);
      await namespace.create("web", "a");
      const way = await startFaultyIntermediary(server);
      t.after(() => way.stop());
      let faults = 0;
      way.setFault(({ watch }) => {
        if (!watch || faults >= 3) return null;
        faults += 1;
        return fault;
      });
      const client = clientFor(server, way.url, { maxLineBytes: 5_000_000 });
      const observed = observe(t, { client, labelSelector: namespace.selector });
      await waitFor("three faults", () => faults === 3);
      await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
      await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "b");
      const waits = observed.states.filter((state) => state.kind === "backing-off");
      assert.deepEqual(
        waits.map(({ failed, failure, attempt }) => [failed, failure.kind, attempt]),
        [1, 2, 3].map((attempt) => ["watch", kind, attempt]),
      );
      assert.equal(observed.lists(), 1);
      assert.deepEqual(observed.sizes, [1, 1]);
    });
  }

  it("an event that can never be read is passed by a new list", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    let poisoned: string | null = null;
    way.setFault(({ watch, query }) => {
      if (!watch) return null;
      poisoned ??= query.get("resourceVersion");
      return query.get("resourceVersion") === poisoned ? { kind: "lines", lines: ["poison"], ending: "hang" } : null;
    });
    const observed = observe(t, { client: clientFor(server, way.url), labelSelector: namespace.selector });
    await waitFor("the watch to fail", () => observed.attempts.some(({ result }) => result === "malformed"));
    await namespace.create("web", "a");
    await waitFor("the object behind it", () => observed.reflector.size === 1);
    await observed.watching();
    assert.equal(observed.lists(), 2);
    assert.equal(observed.attempts.filter(({ result }) => result === "malformed").length, 6);
    await namespace.create("next", "a");
    await waitFor("the watch after it", () => observed.reflector.size === 2);
  });

  it("an event that is cut in the middle of its line is not taken, and comes again", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    let faults = 0;
    way.setFault(({ watch }) => {
      if (!watch || faults >= 1) return null;
      faults += 1;
      return { kind: "truncate", bytes: 200 };
    });
    const observed = observe(t, { client: clientFor(server, way.url), labelSelector: namespace.selector });
    await observed.watching();
    await namespace.create("web", "a");
    await waitFor("the object", () => observed.reflector.size === 1);
    assert.ok(observed.attempts.some(({ verb, result }) => verb === "watch" && result === "network"));
    assert.equal(observed.lists(), 1);
    assert.deepEqual(observed.sizes, [0, 1]);
  });

  it("a line of 10 MB under the cap is an event like others", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const metadata = {
      namespace: namespace.name,
      name: "big",
      resourceVersion: "1",
      annotations: { big: bigAnnotation },
    };
    const line = JSON.stringify({ type: "ADDED", object: { metadata } });
    way.setFault(({ watch }) => (watch ? { kind: "lines", lines: [line], ending: "hang" } : null));
    const observed = observe(t, { client: clientFor(server, way.url), labelSelector: namespace.selector });
    await waitFor("the big object", () => observed.reflector.size === 1);
    assert.ok(observed.states.every(({ kind }) => kind !== "backing-off"));
  });

  it("a page over the body cap is asked for again with half the objects", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    for (let i = 0; i < 8; i += 1) await namespace.create(`s${i}`, "x".repeat(20_000));
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const client = clientFor(server, way.url, { maxBodyBytes: 120_000 });
    const observed = observe(t, { client, labelSelector: namespace.selector, limits: { ...QUICK, pageSize: 8 } });
    await observed.watching();
    assert.equal(observed.keys().length, 8);
    const limits = way.seen.filter(({ watch }) => !watch).map(({ query }) => query.get("limit"));
    assert.deepEqual(limits.slice(0, 2), ["8", "4"]);
  });
};
