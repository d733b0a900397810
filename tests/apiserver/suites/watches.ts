import assert from "node:assert/strict";
import { test } from "node:test";
import { listAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { call, freshNamespace, MERGE, serviceBody, servicesIn } from "../servers.ts";
import { openWatch, type WatchStream } from "../watch-stream.ts";

const told = (stream: WatchStream): readonly string[] =>
  stream.events.map(
    (event) => `${stringAt(event, "type")} ${stringAt(objectAt(objectAt(event, "object"), "metadata"), "name")}`,
  );

const waitForEvents = (stream: WatchStream, count: number): Promise<unknown> =>
  waitFor(`${count} events, so far ${told(stream).join("; ")}`, () => stream.events.length >= count);

const revisionNow = async (server: TestApiServer, path: string): Promise<string> =>
  stringAt(objectAt((await call(server, "GET", path)).object, "metadata"), "resourceVersion");

/** Watches: history, selectors, bookmarks and ends. */
export const watchSuite = (server: () => TestApiServer): void => {
  test("a watch from a revision tells every change after it, with its revision", async (t) => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("before"));
    const revision = await revisionNow(server(), path);
    await call(server(), "POST", path, serviceBody("a"));
    await call(server(), "PATCH", `${path}/a`, { metadata: { labels: { x: "1" } } }, MERGE);
    const stream = await openWatch(server(), `${path}?watch=true&resourceVersion=${revision}&timeoutSeconds=60`);
    t.after(stream.stop);
    await call(server(), "DELETE", `${path}/a`);
    await waitForEvents(stream, 3);
    assert.deepEqual(told(stream), ["ADDED a", "MODIFIED a", "DELETED a"]);
    const revisions = stream.events.map((event) =>
      Number(stringAt(objectAt(objectAt(event, "object"), "metadata"), "resourceVersion")),
    );
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(revisions).size, 3);
    assert.equal(stringAt(objectAt(stream.events[0], "object"), "kind"), "Service");
  });

  test("a watch without a revision first tells what is there", async (t) => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("a"));
    await call(server(), "POST", path, serviceBody("b"));
    for (const query of ["", "&resourceVersion=0"]) {
      const stream = await openWatch(server(), `${path}?watch=1&timeoutSeconds=60${query}`);
      t.after(stream.stop);
      await waitForEvents(stream, 2);
      assert.deepEqual(told(stream).toSorted(), ["ADDED a", "ADDED b"]);
    }
  });

  test("an object that leaves a selection is DELETED for its watcher, one that enters is ADDED", async (t) => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("a", { labels: { tier: "web" } }));
    const revision = await revisionNow(server(), path);
    const stream = await openWatch(
      server(),
      `${path}?watch=1&labelSelector=tier%3Dweb&resourceVersion=${revision}&timeoutSeconds=60`,
    );
    t.after(stream.stop);
    const relabel = (tier: string): Promise<unknown> =>
      call(server(), "PATCH", `${path}/a`, { metadata: { labels: { tier } } }, MERGE);
    await relabel("db");
    await relabel("cache");
    await relabel("web");
    await call(server(), "PATCH", `${path}/a`, { metadata: { annotations: { x: "1" } } }, MERGE);
    await call(server(), "DELETE", `${path}/a`);
    await waitForEvents(stream, 4);
    assert.deepEqual(told(stream), ["DELETED a", "ADDED a", "MODIFIED a", "DELETED a"]);
    const left = objectAt(objectAt(objectAt(stream.events[0], "object"), "metadata"), "labels");
    assert.deepEqual(left, { tier: "web" }, "the last state that was selected");
  });

  test("a field selector narrows a watch to one object", async (t) => {
    const path = servicesIn(await freshNamespace(server()));
    const revision = await revisionNow(server(), path);
    const stream = await openWatch(
      server(),
      `${path}?watch=1&fieldSelector=metadata.name%3Db&resourceVersion=${revision}&timeoutSeconds=60`,
    );
    t.after(stream.stop);
    await call(server(), "POST", path, serviceBody("a"));
    await call(server(), "POST", path, serviceBody("b"));
    await waitForEvents(stream, 1);
    assert.deepEqual(told(stream), ["ADDED b"]);
  });

  test("a watch ends by itself after timeoutSeconds, and one that asked for bookmarks gets one before", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const revision = await revisionNow(server(), path);
    const stream = await openWatch(
      server(),
      `${path}?watch=1&allowWatchBookmarks=true&resourceVersion=${revision}&timeoutSeconds=6`,
    );
    // kube-apiserver sends no bookmark where nothing has happened.
    await call(server(), "POST", path, serviceBody("a"));
    await waitFor("the end of the watch", stream.ended);
    const bookmark = stream.events.at(-1);
    assert.equal(stringAt(bookmark, "type"), "BOOKMARK");
    const object = objectAt(bookmark, "object");
    assert.equal(stringAt(object, "kind"), "Service");
    assert.ok(Number(stringAt(objectAt(object, "metadata"), "resourceVersion")) >= Number(revision));
  });

  test("events of the watch's old path, and of a Table", async (t) => {
    const namespace = await freshNamespace(server());
    const path = servicesIn(namespace);
    await call(server(), "POST", path, serviceBody("a"));
    const old = await openWatch(server(), `/api/v1/watch/namespaces/${namespace}/services?timeoutSeconds=60`);
    t.after(old.stop);
    await waitForEvents(old, 1);
    assert.deepEqual(told(old), ["ADDED a"]);
    const table = await openWatch(
      server(),
      `${path}?watch=1&timeoutSeconds=60`,
      "application/json;as=Table;v=v1;g=meta.k8s.io",
    );
    t.after(table.stop);
    await call(server(), "POST", path, serviceBody("b"));
    await waitForEvents(table, 2);
    const objects = table.events.map((event) => objectAt(event, "object"));
    assert.deepEqual(
      objects.map((object) => stringAt(object, "kind")),
      ["Table", "Table"],
    );
    assert.ok(listAt(objects[0], "columnDefinitions").length > 0);
    assert.deepEqual(listAt(objects[1], "columnDefinitions"), []);
  });

  test("a watch refuses a revision that is no number, and a timeout that is none", async () => {
    const path = servicesIn(await freshNamespace(server()));
    assert.equal((await call(server(), "GET", `${path}?watch=1&resourceVersion=abc`)).status, 500);
    assert.equal((await call(server(), "GET", `${path}?watch=1&timeoutSeconds=soon`)).status, 400);
    assert.equal((await call(server(), "GET", `${path}?watch=1&labelSelector=%3D`)).status, 400);
  });
};
