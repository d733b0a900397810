import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { type Fault, startFaultyIntermediary } from "../support/faulty-intermediary.ts";
import { waitFor } from "../support/wait.ts";
import { clientFor, createNamespace, observe, QUICK } from "./fixture.ts";

/** An embedded API server whose history a test can compact, and an intermediary before it. */
const startScene = async (t: TestContext) => {
  const server: EmbeddedApiServer = await startEmbeddedApiServer();
  t.after(() => server.stop());
  const way = await startFaultyIntermediary(server);
  t.after(() => way.stop());
  return { server, way, namespace: await createNamespace(server) };
};

describe("reflector and a compacted history", () => {
  it("a watch from a compacted resourceVersion is followed by one list, never by an empty store", async (t) => {
    const { server, way, namespace } = await startScene(t);
    for (const service of ["a", "b", "c"]) await namespace.create(service, "1");
    const away: Fault = { kind: "answer", status: 503, body: "{}" };
    let isAway = false;
    way.setFault(() => (isAway ? away : null));
    const limits = { ...QUICK, minWatchSeconds: 1, maxWatchSeconds: 1 };
    const observed = observe(t, { client: clientFor(server, way.url), labelSelector: namespace.selector, limits });
    await observed.watching();
    isAway = true;
    await waitFor("the outage to be noticed", () => observed.reflector.state.kind === "backing-off");
    await namespace.remove("a");
    await namespace.patch("b", { metadata: { annotations: { host: "2" } } });
    server.server.compact();
    isAway = false;
    await waitFor("the new list", () => observed.lists() === 2);
    assert.ok(observed.attempts.some(({ verb, result }) => verb === "watch" && result === "gone"));
    assert.deepEqual(observed.keys(), [`${namespace.name}/b`, `${namespace.name}/c`]);
    assert.equal(observed.host(`${namespace.name}/b`), "2");
    assert.ok(observed.sizes.every((size) => size >= 2));
    const relist = observed.changes.findLast((change) => change.kind === "relist");
    assert.deepEqual([relist?.removed.length, relist?.total, relist?.first], [1, 3, false]);
  });

  it("a page token that is compacted away begins the list anew, and it shows one moment", async (t) => {
    const { server, way, namespace } = await startScene(t);
    for (let i = 0; i < 5; i += 1) await namespace.create(`s${i}`, "1");
    const revision = server.server.revision();
    let compacted = false;
    way.setFault(({ query }) => {
      if (query.has("continue") && !compacted && server.server.revision() > revision) {
        compacted = true;
        server.server.compact();
      }
      return null;
    });
    const client = clientFor(server, way.url);
    // Each page's arrival makes another revision, so that the token's own is an old one.
    const paged = {
      ...client,
      request: async (request: Parameters<typeof client.request>[0]) => {
        const result = await client.request(request);
        if (!compacted) await namespace.patch("s4", { metadata: { annotations: { host: "2" } } });
        return result;
      },
    };
    const observed = observe(t, {
      client: paged,
      labelSelector: namespace.selector,
      limits: { ...QUICK, pageSize: 2 },
    });
    await observed.watching();
    assert.ok(compacted);
    assert.ok(observed.attempts.some(({ verb, result }) => verb === "list" && result === "gone"));
    assert.deepEqual(observed.sizes, [5]);
    assert.equal(observed.host(`${namespace.name}/s4`), "2");
  });
});
