import assert from "node:assert/strict";
import { it } from "node:test";
import { createNamespacedReflector } from "../../../src/kube/merged-reflector.ts";
import { createReflector } from "../../../src/kube/reflector.ts";
import { SERVICES } from "../../../src/kube/resource.ts";
import { startFaultyIntermediary } from "../../support/faulty-intermediary.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { clientFor, createNamespace, observe, QUICK, type SlimService, slimService } from "../fixture.ts";

export const listAndWatchTests = (given: () => TestApiServer): void => {
  it("lists page by page and is synced only when the last page is in", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    for (let i = 0; i < 7; i += 1) await namespace.create(`s${i}`, `h${i}`);
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const client = clientFor(server, way.url);
    const observed = observe(t, { client, labelSelector: namespace.selector, limits: { ...QUICK, pageSize: 3 } });
    assert.equal(observed.reflector.synced, false);
    await observed.watching();
    assert.deepEqual(
      observed.keys(),
      [0, 1, 2, 3, 4, 5, 6].map((i) => `${namespace.name}/s${i}`),
    );
    const pages = way.seen.filter(({ watch }) => !watch);
    assert.deepEqual(
      pages.map(({ query }) => [query.get("limit"), query.has("continue"), query.get("labelSelector")]),
      [false, true, true].map((next) => ["3", next, namespace.selector]),
    );
    const [relist, ...others] = observed.changes;
    assert.deepEqual(others, []);
    assert.equal(relist?.kind, "relist");
    assert.deepEqual([relist.first, relist.added.length, relist.removed.length, relist.total], [true, 7, 0, 0]);
  });

  it("follows creations, changes and deletions, with the time at which each was seen", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    const client = clientFor(server, server.url);
    const observed = observe(t, { client, namespace: namespace.name });
    await observed.watching();
    const beforeMs = performance.now();
    await namespace.create("web", "a");
    await waitFor("web", () => observed.host(`${namespace.name}/web`) === "a");
    await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
    await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "b");
    await namespace.remove("web");
    await waitFor("the deletion", () => observed.reflector.size === 0);
    const seen = observed.changes.filter((change) => change.kind !== "relist");
    assert.deepEqual(
      seen.map(({ kind, key, value }) => [kind, key, value.host]),
      [
        ["added", `${namespace.name}/web`, "a"],
        ["updated", `${namespace.name}/web`, "b"],
        ["removed", `${namespace.name}/web`, "b"],
      ],
    );
    const times = seen.map(({ seenAtMs }) => seenAtMs);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(times.every((time) => time >= beforeMs && time <= performance.now()));
    assert.deepEqual(observed.events, ["ADDED", "MODIFIED", "DELETED"]);
  });

  it("an object enters and leaves with the label selector", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web", "", {});
    const client = clientFor(server, server.url);
    const observed = observe(t, { client, labelSelector: namespace.selector });
    await observed.watching();
    assert.deepEqual(observed.keys(), []);
    await namespace.patch("web", { metadata: { labels: { test: namespace.name } } });
    await waitFor("web to enter", () => observed.reflector.size === 1);
    await namespace.patch("web", { metadata: { labels: { test: null } } });
    await waitFor("web to leave", () => observed.reflector.size === 0);
  });

  it("what slim leaves out is not stored, and goes when it is left out later", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web", "yes");
    await namespace.create("other", "no");
    const slim = (object: unknown): SlimService | null => {
      const service = slimService(object);
      return service?.host === "yes" ? service : null;
    };
    const client = clientFor(server, server.url);
    const observed = observe(t, { client, namespace: namespace.name, slim });
    await observed.watching();
    assert.deepEqual(observed.keys(), [`${namespace.name}/web`]);
    await namespace.patch("web", { metadata: { annotations: { host: "no" } } });
    await waitFor("web to go", () => observed.reflector.size === 0);
    assert.equal(observed.changes.at(-1)?.kind, "removed");
  });

  it("bookmarks move the resourceVersion on, and a watch that ends in order is resumed there without a wait", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web", "a");
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const limits = { ...QUICK, minWatchSeconds: 3, maxWatchSeconds: 3 };
    const client = clientFor(server, way.url);
    const observed = observe(t, { client, labelSelector: namespace.selector, limits });
    await observed.watching();
    // Unseen by the watch, but the server's resourceVersion moves.
    await namespace.create("elsewhere", "", {});
    const watches = () => way.seen.filter(({ watch }) => watch).map(({ query }) => query);
    await waitFor("a second watch", () => watches().length >= 2);
    const [first, second] = watches();
    assert.equal(first?.get("allowWatchBookmarks"), "true");
    assert.equal(first?.get("timeoutSeconds"), "3");
    assert.ok(observed.events.includes("BOOKMARK"), `events: ${observed.events}`);
    assert.ok(Number(second?.get("resourceVersion")) > Number(first?.get("resourceVersion")));
    assert.equal(observed.lists(), 1);
    assert.ok(observed.states.every(({ kind }) => kind !== "backing-off"));
    await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
    await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "b");
  });

  it("relist() asks for a complete list and reports the difference, also when there is none", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web");
    const client = clientFor(server, server.url);
    const observed = observe(t, { client, labelSelector: namespace.selector });
    await observed.watching();
    observed.reflector.relist();
    await waitFor("the second list", () => observed.lists() === 2);
    await observed.watching();
    const relists = observed.changes.filter((change) => change.kind === "relist");
    assert.deepEqual(
      relists.map(({ first, added, updated, removed, total }) => [first, added, updated, removed, total]),
      [
        [true, [`${namespace.name}/web`], [], [], 0],
        [false, [], [], [], 1],
      ],
    );
    assert.ok(observed.states.some((state) => state.kind === "listing" && state.reason === "requested"));
    await namespace.create("late");
    await waitFor("the watch after it", () => observed.reflector.size === 2);
  });

  it("several namespaces are one reflector, synced when all of them are", async (t) => {
    const server = given();
    const [one, two, three] = [
      await createNamespace(server),
      await createNamespace(server),
      await createNamespace(server),
    ];
    for (const namespace of [one, two, three]) await namespace.create("web");
    const client = clientFor(server, server.url);
    let syncs = 0;
    const reflector = createNamespacedReflector<SlimService>({
      client,
      resource: SERVICES,
      namespaces: [one.name, two.name, one.name],
      slim: slimService,
      limits: QUICK,
      onSynced: () => {
        syncs += 1;
      },
    });
    const running = reflector.run();
    t.after(() => client.close());
    t.after(() => reflector.stop());
    await waitFor("both to be watched", () => reflector.synced && reflector.state.kind === "watching");
    const keys = () => [...reflector.snapshot()].map(({ key }) => key).sort();
    assert.deepEqual(keys(), [`${one.name}/web`, `${two.name}/web`]);
    assert.deepEqual([syncs, reflector.size], [1, 2]);
    await two.create("late", "x");
    await waitFor("the late one", () => reflector.get(`${two.name}/late`)?.host === "x");
    await reflector.stop();
    await running;
    assert.equal(reflector.state.kind, "stopped");
    assert.equal(reflector.size, 3);
  });

  it("run() rejects with what a listener throws, and leaves no connection", async () => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web");
    const client = clientFor(server, server.url);
    const reflector = createReflector<SlimService>({
      client,
      resource: SERVICES,
      namespace: namespace.name,
      slim: slimService,
      onChange: (change) => {
        if (change.kind === "updated") throw new RangeError("a fault of the listener");
      },
    });
    const running = reflector.run();
    const rejected = assert.rejects(running, RangeError);
    await waitFor("the watch", () => reflector.state.kind === "watching");
    await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
    await rejected;
    client.close();
  });
};
