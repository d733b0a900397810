import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, listAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { call, freshNamespace, MERGE } from "../servers.ts";
import { openWatch } from "../watch-stream.ts";

const core = (namespace: string): string => `/api/v1/namespaces/${namespace}/events`;
const events = (namespace: string): string => `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;

const coreEvent = (name: string, namespace: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name },
  involvedObject: { kind: "Service", name: "shop", namespace },
  reason: "Routed",
  message: "routed",
  type: "Normal",
  ...more,
});

const newEvent = (name: string, namespace: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name },
  regarding: { kind: "Service", name: "shop", namespace },
  reason: "Routed",
  action: "Route",
  note: "routed",
  type: "Normal",
  reportingController: "hotroute.io/generator",
  reportingInstance: "pod-1",
  eventTime: "2024-01-02T03:04:05.000006Z",
  ...more,
});

const namesIn = (list: JsonObject): string =>
  listAt(list, "items")
    .map((item) => stringAt(objectAt(item, "metadata"), "name"))
    .join();

/** Events: one object under two API groups. */
export const eventSuite = (server: () => TestApiServer): void => {
  test("an Event of one group is read through the other under its names", async () => {
    const namespace = await freshNamespace(server());
    const created = await call(server(), "POST", events(namespace), newEvent("e", namespace));
    assert.equal(created.status, 201, JSON.stringify(created.object));
    const { object } = await call(server(), "GET", `${core(namespace)}/e`);
    assert.deepEqual(
      [object.apiVersion, object.message, object.reportingComponent, object.eventTime],
      ["v1", "routed", "hotroute.io/generator", "2024-01-02T03:04:05.000006Z"],
    );
    assert.equal(stringAt(objectAt(object, "involvedObject"), "name"), "shop");
    assert.deepEqual([object.firstTimestamp, object.lastTimestamp, object.source], [null, null, {}]);
    await call(server(), "POST", core(namespace), coreEvent("old", namespace, { count: 3 }));
    const back = await call(server(), "GET", `${events(namespace)}/old`);
    assert.deepEqual(
      [back.object.apiVersion, back.object.note, back.object.deprecatedCount, back.object.eventTime],
      ["events.k8s.io/v1", "routed", 3, null],
    );
  });

  test("events.k8s.io demands what core leaves open", async () => {
    const namespace = await freshNamespace(server());
    const refused: readonly JsonObject[] = [
      { eventTime: null },
      { reportingController: "" },
      { reportingController: "no good/name" },
      { reportingInstance: "" },
      { action: "" },
      { reason: "" },
      { type: "Nope" },
      { note: "x".repeat(1025) },
      { action: "x".repeat(129) },
      { deprecatedCount: 3 },
      { regarding: { kind: "Service", name: "shop" } },
      { series: { count: 1 } },
    ];
    for (const more of refused) {
      const { status, object } = await call(server(), "POST", events(namespace), newEvent("e", namespace, more));
      assert.equal(status, 422, `${JSON.stringify(more)}: ${JSON.stringify(object)}`);
    }
    const time = await call(
      server(),
      "POST",
      events(namespace),
      newEvent("e", namespace, { eventTime: "2024-01-02T03:04:05Z" }),
    );
    assert.equal(time.status, 400, "a MicroTime has six digits of a second");
  });

  test("an Event becomes a series by a patch", async () => {
    const namespace = await freshNamespace(server());
    await call(server(), "POST", events(namespace), newEvent("e", namespace));
    const series = { count: 2, lastObservedTime: "2024-01-02T04:04:05.000006Z" };
    const { status, object } = await call(server(), "PATCH", `${events(namespace)}/e`, { series }, MERGE);
    assert.deepEqual([status, object.series], [200, series]);
    const { object: read } = await call(server(), "GET", `${core(namespace)}/e`);
    assert.deepEqual(read.series, series);
  });

  test("field selectors find the Events of an object", async () => {
    const namespace = await freshNamespace(server());
    await call(server(), "POST", core(namespace), coreEvent("one", namespace));
    const other = { kind: "Service", name: "other", namespace };
    await call(
      server(),
      "POST",
      core(namespace),
      coreEvent("two", namespace, { involvedObject: other, type: "Warning" }),
    );
    const choose = async (path: string, selector: string): Promise<string> =>
      namesIn((await call(server(), "GET", `${path}?fieldSelector=${encodeURIComponent(selector)}`)).object);
    assert.equal(await choose(core(namespace), "involvedObject.name=shop,involvedObject.kind=Service"), "one");
    assert.equal(await choose(core(namespace), "type!=Normal"), "two");
    assert.equal(await choose(events(namespace), "regarding.name=other"), "two");
    assert.equal(await choose(events(namespace), "reason=Routed"), "one,two");
    assert.equal(
      (await call(server(), "GET", `${events(namespace)}?fieldSelector=involvedObject.name%3Dx`)).status,
      400,
    );
  });

  test("an Event belongs to the namespace of its object", async () => {
    const namespace = await freshNamespace(server());
    const involvedObject = { kind: "Service", name: "shop", namespace: "default" };
    const { status } = await call(server(), "POST", core(namespace), coreEvent("e", namespace, { involvedObject }));
    assert.equal(status, 422);
  });

  test("a watch of one group hears what the other writes", async (t) => {
    const namespace = await freshNamespace(server());
    const list = await call(server(), "GET", core(namespace));
    const revision = stringAt(objectAt(list.object, "metadata"), "resourceVersion");
    const stream = await openWatch(
      server(),
      `${core(namespace)}?watch=1&resourceVersion=${revision}&timeoutSeconds=60`,
    );
    t.after(stream.stop);
    await call(server(), "POST", events(namespace), newEvent("e", namespace));
    await waitFor("the event", () => stream.events.length > 0);
    const object = objectAt(stream.events[0], "object");
    assert.deepEqual([object.apiVersion, object.kind, object.message], ["v1", "Event", "routed"]);
  });
};
