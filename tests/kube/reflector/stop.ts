import assert from "node:assert/strict";
import { it } from "node:test";
import { createReflector } from "../../../src/kube/reflector.ts";
import { SERVICES } from "../../../src/kube/resource.ts";
import { startFaultyIntermediary } from "../../support/faulty-intermediary.ts";
import { startFaultyProxy } from "../../support/faulty-proxy.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { clientFor, createNamespace, type Observed, observe } from "../fixture.ts";

/** Nothing may happen after stop() has resolved. */
const assertStopped = async (observed: Observed): Promise<void> => {
  await observed.reflector.stop();
  assert.equal(observed.reflector.state.kind, "stopped");
  assert.equal(observed.states.at(-1)?.kind, "stopped");
  const states = observed.states.length;
  await observed.reflector.stop();
  assert.equal(observed.states.length, states);
};

export const stopTests = (given: () => TestApiServer): void => {
  it("before run(): run() resolves and asks for nothing", async (t) => {
    const server = given();
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const client = clientFor(server, way.url);
    const reflector = createReflector({ client, resource: SERVICES, namespace: null, slim: (object) => object });
    await reflector.stop();
    await reflector.run();
    assert.equal(reflector.state.kind, "stopped");
    assert.equal(way.seen.length, 0);
  });

  it("during a list: no watch is opened, nothing is published", async (t) => {
    const server = given();
    const proxy = await startFaultyProxy(server.url);
    t.after(() => proxy.stop());
    const way = await startFaultyIntermediary({ ...server, url: proxy.url });
    t.after(() => way.stop());
    proxy.setMode({ kind: "swallow" });
    const observed = observe(t, { client: clientFor(server, way.url) });
    await waitFor("the list to be on its way", () => way.seen.length === 1);
    await assertStopped(observed);
    proxy.setMode({ kind: "pass" });
    assert.deepEqual(observed.changes, []);
    assert.equal(observed.reflector.synced, false);
    assert.deepEqual(
      way.seen.map(({ watch }) => watch),
      [false],
    );
  });

  it("during a watch: the connection is closed, the store stays readable", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web");
    const proxy = await startFaultyProxy(server.url);
    t.after(() => proxy.stop());
    const observed = observe(t, { client: clientFor(server, proxy.url), labelSelector: namespace.selector });
    await observed.watching();
    await assertStopped(observed);
    await waitFor("the connection to close", () => proxy.open === 0);
    assert.deepEqual(observed.keys(), [`${namespace.name}/web`]);
  });

  it("during a watch that is not answered yet", async (t) => {
    const server = given();
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const proxy = await startFaultyProxy(way.url);
    t.after(() => proxy.stop());
    way.setFault(({ watch }) => {
      if (watch) proxy.setMode({ kind: "swallow" });
      return null;
    });
    const observed = observe(t, { client: clientFor(server, proxy.url) });
    await waitFor("the watch to be asked for", () => way.seen.some(({ watch }) => watch));
    assert.notEqual(observed.reflector.state.kind, "watching");
    await assertStopped(observed);
  });

  it("during a backoff, however long", async (t) => {
    const server = given();
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    way.setFault(() => ({ kind: "answer", status: 429, headers: { "retry-after": "200" }, body: "{}" }));
    const observed = observe(t, { client: clientFor(server, way.url) });
    const state = await waitFor("the backoff", () => {
      const { state } = observed.reflector;
      return state.kind === "backing-off" ? state : null;
    });
    assert.ok(state.delayMs >= 200_000 && state.delayMs <= 220_000, `${state.delayMs} ms`);
    await assertStopped(observed);
    assert.equal(way.seen.length, 1);
  });

  it("from a listener, in the middle of a change", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web");
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    const client = clientFor(server, way.url);
    const observed = observe(t, { client, namespace: namespace.name, onSynced: () => void observed.reflector.stop() });
    await waitFor("the end", () => observed.reflector.state.kind === "stopped");
    assert.equal(observed.reflector.size, 1);
    assert.ok(way.seen.every(({ watch }) => !watch));
  });
};
