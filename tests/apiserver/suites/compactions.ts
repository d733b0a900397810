import assert from "node:assert/strict";
import { test } from "node:test";
import { listAt, numberAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import { waitFor } from "../../support/wait.ts";
import { type CompactableApiServer, call, freshNamespace } from "../servers.ts";
import { openWatch } from "../watch-stream.ts";

const withEvents = async (server: CompactableApiServer): Promise<string> => {
  const namespace = await freshNamespace(server);
  const path = `/api/v1/namespaces/${namespace}/events`;
  for (const name of ["a", "b", "c"]) {
    const involvedObject = { kind: "Service", name: "shop", namespace };
    const body = { apiVersion: "v1", kind: "Event", metadata: { name }, involvedObject };
    assert.equal((await call(server, "POST", path, body)).status, 201);
  }
  return path;
};

/** What a client is told once history no longer reaches back to its revision. Events: no cache stands before them. */
export const compactionSuite = (server: () => CompactableApiServer): void => {
  test("a page token from before a compaction is answered with 410 and a token to go on with", async () => {
    const path = await withEvents(server());
    const first = await call(server(), "GET", `${path}?limit=1`);
    const token = encodeURIComponent(stringAt(objectAt(first.object, "metadata"), "continue"));
    await call(server(), "DELETE", `${path}/b`);
    await server().compact();
    const second = await call(server(), "GET", `${path}?limit=1&continue=${token}`);
    assert.deepEqual([second.status, second.object.reason, second.object.code], [410, "Expired", 410]);
    const next = encodeURIComponent(stringAt(objectAt(second.object, "metadata"), "continue"));
    assert.notEqual(next, "");
    const rest = await call(server(), "GET", `${path}?limit=1&continue=${next}`);
    const names = listAt(rest.object, "items").map((item) => stringAt(objectAt(item, "metadata"), "name"));
    assert.deepEqual([rest.status, names], [200, ["c"]]);
  });

  test("a watch from before a compaction is answered with 200 and an ERROR event that says 410", async () => {
    const path = await withEvents(server());
    const { object } = await call(server(), "GET", path);
    const revision = stringAt(objectAt(object, "metadata"), "resourceVersion");
    // etcd still takes a watch from just before the revision that it compacted at: so there are two changes.
    for (const name of ["a", "b"]) await call(server(), "DELETE", `${path}/${name}`);
    await server().compact();
    const stream = await openWatch(server(), `${path}?watch=1&resourceVersion=${revision}&timeoutSeconds=60`);
    await waitFor("the end of the watch", stream.ended);
    const [error] = stream.events;
    assert.equal(stringAt(error, "type"), "ERROR");
    const status = objectAt(error, "object");
    assert.deepEqual([status.kind, numberAt(status, "code"), status.reason], ["Status", 410, "Expired"]);
  });

  test("an exact list from before a compaction is answered with 410", async () => {
    const path = await withEvents(server());
    const { object } = await call(server(), "GET", path);
    const revision = stringAt(objectAt(object, "metadata"), "resourceVersion");
    await call(server(), "DELETE", `${path}/a`);
    await server().compact();
    const exact = `${path}?resourceVersion=${revision}&resourceVersionMatch=Exact&limit=5`;
    const late = await call(server(), "GET", exact);
    assert.deepEqual([late.status, late.object.reason], [410, "Expired"]);
  });
};
