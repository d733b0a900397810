import assert from "node:assert/strict";
import { it } from "node:test";
import { startFaultyIntermediary } from "../../support/faulty-intermediary.ts";
import { startFaultyProxy } from "../../support/faulty-proxy.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { clientFor, createNamespace, observe, QUICK } from "../fixture.ts";

const status = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason} (made)` });
const errorEvent = (code: number, reason: string): string => `{"type":"ERROR","object":${status(code, reason)}}`;

export const expiryTests = (given: () => TestApiServer): void => {
  const expiries = [
    { what: "the HTTP status 410", fault: { kind: "answer", status: 410, body: status(410, "Expired") } },
    {
      what: "an ERROR event with code 410",
      fault: { kind: "lines", lines: [errorEvent(410, "Expired")], ending: "end" },
    },
  ] as const;
  for (const { what, fault } of expiries) {
    it(`${what} on a watch makes a new list, and the store is never empty in between`, async (t) => {
      const server = given();
      const namespace = await createNamespace(server);
      for (const service of ["a", "b", "c"]) await namespace.create(service, "1");
      const way = await startFaultyIntermediary(server);
      t.after(() => way.stop());
      let expire = false;
      way.setFault(({ watch }) => (watch && expire ? fault : null));
      const limits = { ...QUICK, minWatchSeconds: 1, maxWatchSeconds: 1 };
      const observed = observe(t, { client: clientFor(server, way.url), labelSelector: namespace.selector, limits });
      await observed.watching();
      expire = true;
      await waitFor("the 410", () => observed.attempts.some(({ result }) => result === "gone"));
      expire = false;
      await waitFor("the new list", () => observed.lists() >= 2);
      await observed.watching();
      assert.ok(observed.states.some((state) => state.kind === "listing" && state.reason === "expired"));
      assert.ok(observed.sizes.every((size) => size === 3));
      const relists = observed.changes.filter((change) => change.kind === "relist");
      assert.ok(relists.slice(1).every(({ removed, added }) => removed.length === 0 && added.length === 0));
      await namespace.remove("b");
      await waitFor("the watch after it", () => observed.reflector.size === 2);
    });
  }

  it("what changed behind a 410 is reported as one difference", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    for (const service of ["a", "b", "c"]) await namespace.create(service, "1");
    const proxy = await startFaultyProxy(server.url);
    const way = await startFaultyIntermediary({ ...server, url: proxy.url });
    t.after(() => proxy.stop());
    t.after(() => way.stop());
    const observed = observe(t, { client: clientFor(server, way.url), labelSelector: namespace.selector });
    await observed.watching();
    way.setFault(({ watch }) => (watch ? { kind: "answer", status: 410, body: status(410, "Expired") } : null));
    proxy.setMode({ kind: "refuse" });
    proxy.cut("reset");
    await waitFor("the list to be tried", () =>
      observed.attempts.some(({ verb, result }) => verb === "list" && result !== "ok"),
    );
    await namespace.remove("a");
    await namespace.patch("b", { metadata: { annotations: { host: "2" } } });
    await namespace.create("d", "1");
    assert.equal(observed.reflector.size, 3);
    proxy.setMode({ kind: "pass" });
    const relist = await waitFor("the new list", () =>
      observed.changes.filter((change) => change.kind === "relist").find(({ first }) => !first),
    );
    const key = (service: string): string => `${namespace.name}/${service}`;
    assert.deepEqual([relist.added, relist.updated, relist.total], [[key("d")], [key("b")], 3]);
    assert.deepEqual(relist.removed, [{ key: key("a"), value: { key: key("a"), host: "1" } }]);
  });

  it("410 on a page begins the list anew", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    for (let i = 0; i < 5; i += 1) await namespace.create(`s${i}`);
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    let faults = 0;
    way.setFault(({ query }) => {
      if (!query.has("continue") || faults > 0) return null;
      faults += 1;
      return { kind: "answer", status: 410, body: status(410, "Expired") };
    });
    const observed = observe(t, {
      client: clientFor(server, way.url),
      labelSelector: namespace.selector,
      limits: { ...QUICK, pageSize: 2 },
    });
    await observed.watching();
    assert.equal(observed.keys().length, 5);
    assert.equal(way.seen.filter(({ watch, query }) => !watch && !query.has("continue")).length, 2);
    assert.deepEqual(observed.sizes, [5]);
  });

  it("a server that always says 410 is not asked in a tight loop", async (t) => {
    const server = given();
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    way.setFault(({ watch }) => (watch ? { kind: "lines", lines: [errorEvent(410, "Gone")], ending: "end" } : null));
    const observed = observe(t, { client: clientFor(server, way.url) });
    await waitFor("several rounds", () => observed.lists() >= 4);
    const waits = observed.states.filter((state) => state.kind === "backing-off");
    assert.ok(waits.length >= 2);
    assert.deepEqual(
      waits.slice(0, 2).map(({ failed, failure, attempt }) => [failed, failure.kind, attempt]),
      [
        ["watch", "gone", 2],
        ["watch", "gone", 3],
      ],
    );
  });
};
