import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { it } from "node:test";
import { startFaultyIntermediary } from "../../support/faulty-intermediary.ts";
import { startFaultyProxy } from "../../support/faulty-proxy.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { clientFor, createNamespace, observe, QUICK } from "../fixture.ts";

export const connectionFaultTests = (given: () => TestApiServer): void => {
  for (const how of ["reset", "end"] as const) {
    it(`a connection cut by ${how === "reset" ? "RST" : "FIN"} is resumed without a list, nothing lost`, async (t) => {
      const server = given();
      const namespace = await createNamespace(server);
      await namespace.create("web", "a");
      const proxy = await startFaultyProxy(server.url);
      t.after(() => proxy.stop());
      const observed = observe(t, { client: clientFor(server, proxy.url), labelSelector: namespace.selector });
      await observed.watching();
      proxy.setMode({ kind: "refuse" });
      proxy.cut(how);
      await waitFor("the cut to be noticed", () => observed.reflector.state.kind === "backing-off");
      await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
      await namespace.create("new", "c");
      assert.deepEqual(observed.keys(), [`${namespace.name}/web`], "the last state stands while the server is away");
      proxy.setMode({ kind: "pass" });
      await waitFor("the change made meanwhile", () => observed.host(`${namespace.name}/web`) === "b");
      await waitFor("what was created meanwhile", () => observed.reflector.size === 2);
      assert.equal(observed.lists(), 1);
      assert.ok(observed.states.some((state) => state.kind === "backing-off" && state.failure.kind === "network"));
    });
  }

  it("a silently dead connection is left after the idle deadline and resumed", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web", "a");
    const proxy = await startFaultyProxy(server.url);
    t.after(() => proxy.stop());
    const client = clientFor(server, proxy.url, { idleMs: 300 });
    const observed = observe(t, { client, labelSelector: namespace.selector });
    await observed.watching();
    proxy.setMode({ kind: "swallow" });
    await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
    await waitFor("the silence to be noticed", () =>
      observed.states.some((state) => state.kind === "backing-off" && state.failure.kind === "timeout"),
    );
    assert.equal(observed.host(`${namespace.name}/web`), "a");
    proxy.setMode({ kind: "pass" });
    await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "b");
    assert.equal(observed.lists(), 1);
  });

  it("slow and corrupted bytes below TLS do no harm", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web", "a");
    const proxy = await startFaultyProxy(server.url);
    t.after(() => proxy.stop());
    proxy.setMode({ kind: "delay", delayMs: 20 });
    const observed = observe(t, { client: clientFor(server, proxy.url), labelSelector: namespace.selector });
    await observed.watching();
    proxy.setMode({ kind: "corrupt" });
    await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
    await waitFor("the corruption to be noticed", () => observed.states.some(({ kind }) => kind === "backing-off"));
    assert.equal(observed.host(`${namespace.name}/web`), "a");
    proxy.setMode({ kind: "pass" });
    await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "b");
  });

  it("an answer that is cut in the middle of the list publishes nothing, then everything", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    for (let i = 0; i < 5; i += 1) await namespace.create(`s${i}`);
    const way = await startFaultyIntermediary(server);
    t.after(() => way.stop());
    let cuts = 0;
    way.setFault(({ query }) => {
      if (!query.has("continue") || cuts >= 3) return null;
      cuts += 1;
      return { kind: "truncate", bytes: 500 };
    });
    const observed = observe(t, {
      client: clientFor(server, way.url),
      labelSelector: namespace.selector,
      limits: { ...QUICK, pageSize: 2 },
    });
    await observed.watching();
    assert.equal(cuts, 3);
    assert.equal(observed.keys().length, 5);
    assert.deepEqual(
      observed.changes.map((change) => change.kind),
      ["relist"],
    );
    assert.deepEqual(observed.sizes, [5]);
  });

  it("no file descriptor is left behind by 50 cuts", async (t) => {
    const server = given();
    const namespace = await createNamespace(server);
    await namespace.create("web", "0");
    const proxy = await startFaultyProxy(server.url);
    t.after(() => proxy.stop());
    const limits = { backoffBaseMs: 1, backoffMaxMs: 1, networkBackoffMaxMs: 1 };
    const observed = observe(t, { client: clientFor(server, proxy.url), labelSelector: namespace.selector, limits });
    await observed.watching();
    const descriptors = async (): Promise<number> => (await readdir("/proc/self/fd")).length;
    const settled = async (wanted: number): Promise<boolean> => proxy.open === wanted;
    await waitFor("one connection", () => settled(1));
    const before = await descriptors();
    for (let i = 0; i < 50; i += 1) {
      const accepted = proxy.accepted;
      proxy.cut(i % 2 === 0 ? "reset" : "end");
      await waitFor(
        "the next connection",
        () => proxy.accepted > accepted && observed.reflector.state.kind === "watching",
      );
    }
    await waitFor("one connection again", () => settled(1));
    await waitFor("the descriptors to be closed", async () => (await descriptors()) <= before, {
      deadlineMs: 10_000,
    });
    await namespace.patch("web", { metadata: { annotations: { host: "1" } } });
    await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "1");
    assert.equal(observed.lists(), 1);
  });
};
