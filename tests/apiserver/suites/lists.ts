import assert from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, listAt, numberAt, objectAt, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { call, freshNamespace, serviceBody, servicesIn } from "../servers.ts";

const namesIn = (list: JsonObject): readonly string[] =>
  listAt(list, "items").map((item) => stringAt(objectAt(item, "metadata"), "name"));

const LABELS: Readonly<Record<string, JsonObject>> = {
  a: { tier: "web", rank: "1" },
  b: { tier: "db", rank: "5" },
  c: { tier: "" },
  d: {},
  e: { tier: "web", "example.com/x": "y" },
};

const filled = async (server: TestApiServer): Promise<string> => {
  const path = servicesIn(await freshNamespace(server));
  for (const [name, labels] of Object.entries(LABELS)) await call(server, "POST", path, serviceBody(name, { labels }));
  return path;
};

const SELECTIONS: Readonly<Record<string, string>> = {
  "tier=web": "a,e",
  "tier==db": "b",
  "tier!=web": "b,c,d",
  tier: "a,b,c,e",
  "!tier": "d",
  "tier=": "c",
  "tier in (web,db)": "a,b,e",
  "tier in (web,)": "a,c,e",
  "tier notin (web, db)": "c,d",
  "tier=web,example.com/x": "e",
  "tier=web,!rank": "e",
  "rank>1": "b",
  "rank<5": "a",
  "": "a,b,c,d,e",
};

const REFUSED = ["=x", "a b", "tier in web", "tier in (web", "tier===web", "tier=a/b", "-x", "a,", "rank>x"];

/** Lists: selectors, pages and revisions. */
export const listSuite = (server: () => TestApiServer): void => {
  test("label selectors choose what Kubernetes' grammar says", async () => {
    const path = await filled(server());
    for (const [selector, expected] of Object.entries(SELECTIONS)) {
      const { object } = await call(server(), "GET", `${path}?labelSelector=${encodeURIComponent(selector)}`);
      assert.equal(namesIn(object).join(","), expected, selector);
    }
    for (const selector of REFUSED) {
      const { status } = await call(server(), "GET", `${path}?labelSelector=${encodeURIComponent(selector)}`);
      assert.equal(status, 400, selector);
    }
  });

  test("field selectors choose by name and namespace", async () => {
    const path = await filled(server());
    const choose = async (selector: string): Promise<string> => {
      const { object } = await call(server(), "GET", `${path}?fieldSelector=${encodeURIComponent(selector)}`);
      return namesIn(object).join(",");
    };
    assert.equal(await choose("metadata.name=b"), "b");
    assert.equal(await choose("metadata.name!=b"), "a,c,d,e");
    assert.equal(await choose("metadata.namespace=nowhere"), "");
    const unknown = await call(server(), "GET", `${path}?fieldSelector=spec.nothing%3Dx`);
    assert.deepEqual([unknown.status, unknown.object.reason], [400, "BadRequest"]);
  });

  test("pages are one consistent list, whatever happens between them", async () => {
    const path = await filled(server());
    const first = await call(server(), "GET", `${path}?limit=2`);
    const metadata = objectAt(first.object, "metadata");
    assert.deepEqual([namesIn(first.object).join(), numberAt(metadata, "remainingItemCount")], ["a,b", 3]);
    await call(server(), "DELETE", `${path}/d`);
    await call(server(), "POST", path, serviceBody("bb"));
    const token = encodeURIComponent(stringAt(metadata, "continue"));
    const second = await call(server(), "GET", `${path}?limit=2&continue=${token}`);
    assert.equal(namesIn(second.object).join(), "c,d");
    assert.equal(stringAt(objectAt(second.object, "metadata"), "resourceVersion"), metadata.resourceVersion);
    const next = encodeURIComponent(stringAt(objectAt(second.object, "metadata"), "continue"));
    const third = await call(server(), "GET", `${path}?limit=2&continue=${next}`);
    assert.deepEqual([namesIn(third.object).join(), objectAt(third.object, "metadata").continue], ["e", undefined]);
  });

  test("a list over all namespaces is in the order of namespace and name", async () => {
    await filled(server());
    const { object } = await call(server(), "GET", "/api/v1/services");
    const keys = listAt(object, "items").map((item) => {
      const metadata = objectAt(item, "metadata");
      return `${stringAt(metadata, "namespace")}/${stringAt(metadata, "name")}`;
    });
    assert.deepEqual(keys, keys.toSorted());
    assert.ok(keys.includes("default/kubernetes"));
    assert.equal(
      listAt(object, "items").some((item) => "kind" in Object(item)),
      false,
    );
  });

  test("revisions of a list: exact, not older than, too large, and refused", async () => {
    const path = await filled(server());
    const { object } = await call(server(), "GET", path);
    const revision = stringAt(objectAt(object, "metadata"), "resourceVersion");
    await call(server(), "DELETE", `${path}/a`);
    const exact = await call(
      server(),
      "GET",
      `${path}?resourceVersion=${revision}&resourceVersionMatch=Exact&limit=10`,
    );
    assert.equal(namesIn(exact.object).join(), "a,b,c,d,e");
    const newer = await call(
      server(),
      "GET",
      `${path}?resourceVersion=${revision}&resourceVersionMatch=NotOlderThan&limit=10`,
    );
    assert.equal(newer.status, 200);
    assert.equal((await call(server(), "GET", `${path}?resourceVersion=99999999`)).status, 504);
    assert.equal((await call(server(), "GET", `${path}?resourceVersionMatch=Exact`)).status, 422);
    assert.equal((await call(server(), "GET", `${path}?resourceVersion=1&resourceVersionMatch=Nope`)).status, 422);
    assert.equal((await call(server(), "GET", `${path}?continue=nonsense`)).status, 400);
    assert.equal((await call(server(), "GET", `${path}?limit=many`)).status, 400);
  });

  test("deletecollection deletes what is selected", async () => {
    const namespace = await freshNamespace(server());
    const path = `/api/v1/namespaces/${namespace}/events`;
    for (const name of ["e1", "e2", "e3"]) {
      const labels = name === "e3" ? {} : { gone: "yes" };
      const involvedObject = { kind: "Service", name: "shop", namespace };
      const body = { apiVersion: "v1", kind: "Event", metadata: { name, labels }, involvedObject };
      assert.equal((await call(server(), "POST", path, body)).status, 201);
    }
    assert.equal((await call(server(), "DELETE", `${path}?labelSelector=gone`)).status, 200);
    assert.deepEqual(namesIn((await call(server(), "GET", path)).object), ["e3"]);
  });
};
