import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, type Json, listAt, objectAt, parseJson, stringAt } from "../../../src/apiserver/json.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { normalize } from "../normalize.ts";
import { call, freshNamespace, serviceBody, servicesIn } from "../servers.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

const withoutNodePort = (cell: Json): Json =>
  typeof cell === "string" ? cell.replace(/:\d{5}\//g, ":NODEPORT/") : cell;

const cellsOf = async (server: TestApiServer, path: string): Promise<unknown> => {
  const { object } = await call(server, "GET", path, undefined, { accept: TABLE });
  const columns = listAt(object, "columnDefinitions").map((column) => stringAt(column, "name"));
  const rows = listAt(object, "rows").map((row) =>
    Object.fromEntries(listAt(row, "cells").map((cell, index) => [columns[index] ?? "", withoutNodePort(cell)])),
  );
  return rows.map(({ Age: _, ...row }) => normalize(row));
};

/** Media types, tables, discovery and errors of the protocol. */
export const protocolSuite = (server: () => TestApiServer): void => {
  test("errors of the protocol have their status codes", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const expected: readonly (readonly [string, string, unknown, string, number])[] = [
      ["POST", path, "{bad", "application/json", 400],
      ["POST", path, "x", "text/plain", 415],
      ["POST", path, { kind: "Service", apiVersion: "v1", metadata: { name: 1 } }, "application/json", 400],
      ["POST", path, { ...serviceBody("x"), kind: "Event" }, "application/json", 400],
      ["POST", path, serviceBody("x", { namespace: "elsewhere" }), "application/json", 400],
      ["POST", `${path}/x`, {}, "application/json", 405],
      ["PUT", path, {}, "application/json", 405],
      ["GET", `${path}/x/nothing`, undefined, "application/json", 404],
      ["GET", "/api/v1/nothing", undefined, "application/json", 404],
      ["GET", `${path}/missing`, undefined, "application/json", 404],
      ["DELETE", `${path}/missing`, { propagationPolicy: "Nope" }, "application/json", 422],
      ["DELETE", "/api/v1/namespaces/default", undefined, "application/json", 403],
    ];
    for (const [method, target, body, contentType, status] of expected) {
      const answer = await call(server(), method, target, body, { contentType });
      assert.equal(answer.status, status, `${method} ${target}: ${JSON.stringify(answer.object)}`);
      assert.equal(answer.object.kind, "Status");
      assert.equal(answer.object.code, status);
    }
  });

  test("a body of more than 3 MiB is refused with 413", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const body = serviceBody("x", { annotations: { big: "x".repeat(3.5 * 1024 * 1024) } });
    assert.equal((await call(server(), "POST", path, body)).status, 413);
  });

  test("an Accept header that cannot be met is refused with 406", async () => {
    const answer = await server().request("GET", "/api/v1/services", { accept: "text/csv" });
    assert.equal(answer.status, 406);
  });

  test("YAML is read as JSON is", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const yaml =
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  ports:\n  - port: 80\n    targetPort: http\n";
    const { status, object } = await call(server(), "POST", path, yaml, { contentType: "application/yaml" });
    assert.deepEqual([status, stringAt(listAt(objectAt(object, "spec"), "ports")[0], "targetPort")], [201, "http"]);
  });

  test("tables of Services have the columns that kubectl prints", async () => {
    const path = servicesIn(await freshNamespace(server()));
    const ports = [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "dns", port: 53, protocol: "UDP" },
    ];
    const specs = {
      a: { ports, selector: { b: "2", a: "1" } },
      b: { clusterIP: "None" },
      c: { type: "ExternalName", externalName: "x.example", ports: [] },
      d: { externalIPs: ["192.0.2.1", "192.0.2.2"] },
      e: { type: "LoadBalancer", ports: [{ port: 80 }] },
    };
    for (const [name, spec] of Object.entries(specs)) {
      const created = await call(server(), "POST", path, serviceBody(name, {}, spec));
      assert.equal(created.status, 201, JSON.stringify(created.object));
    }
    assert.deepEqual(
      await cellsOf(server(), path),
      [
        {
          Name: "a",
          Type: "ClusterIP",
          "Cluster-IP": "ADDRESS",
          "External-IP": "<none>",
          "Port(s)": "80/TCP,53/UDP",
          Selector: "a=1,b=2",
        },
        {
          Name: "b",
          Type: "ClusterIP",
          "Cluster-IP": "None",
          "External-IP": "<none>",
          "Port(s)": "80/TCP",
          Selector: "<none>",
        },
        {
          Name: "c",
          Type: "ExternalName",
          "Cluster-IP": "<none>",
          "External-IP": "x.example",
          "Port(s)": "<none>",
          Selector: "<none>",
        },
        {
          Name: "d",
          Type: "ClusterIP",
          "Cluster-IP": "ADDRESS",
          "External-IP": "192.0.2.1,192.0.2.2",
          "Port(s)": "80/TCP",
          Selector: "<none>",
        },
        {
          Name: "e",
          Type: "LoadBalancer",
          "Cluster-IP": "ADDRESS",
          "External-IP": "<pending>",
          "Port(s)": "80:NODEPORT/TCP",
          Selector: "<none>",
        },
      ].map((row) => ({ ...row })),
    );
  });

  test("tables of Events have the columns that kubectl prints", async () => {
    const namespace = await freshNamespace(server());
    const path = `/api/v1/namespaces/${namespace}/events`;
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "e" },
      involvedObject: { kind: "Service", name: "shop", namespace, fieldPath: "spec" },
      reason: "Routed",
      message: " routed ",
      type: "Normal",
      count: 4,
      source: { component: "hotroute", host: "node" },
    };
    await call(server(), "POST", path, event);
    assert.deepEqual(await cellsOf(server(), path), [
      {
        Count: 4,
        "First Seen": "<unknown>",
        "Last Seen": "<unknown>",
        Message: "routed",
        Name: "e",
        Object: "service/shop",
        Reason: "Routed",
        Source: "hotroute, node",
        Subobject: "spec",
        Type: "Normal",
      },
    ]);
  });

  test("partial objects carry metadata alone", async () => {
    const path = servicesIn(await freshNamespace(server()));
    await call(server(), "POST", path, serviceBody("a"));
    const one = await call(server(), "GET", `${path}/a`, undefined, {
      accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    });
    assert.deepEqual([one.object.kind, one.object.spec], ["PartialObjectMetadata", undefined]);
    const list = await call(server(), "GET", path, undefined, {
      accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    });
    assert.deepEqual([list.object.kind, listAt(list.object, "items").length], ["PartialObjectMetadataList", 1]);
  });

  test("discovery lists the resources with their names and verbs", async () => {
    const { object } = await call(server(), "GET", "/api/v1");
    const found = (name: string): unknown => {
      const entry = listAt(object, "resources").find((one) => stringAt(one, "name") === name);
      return isObject(entry) ? [entry.kind, entry.namespaced, entry.shortNames, entry.categories] : null;
    };
    assert.deepEqual(found("services"), ["Service", true, ["svc"], ["all"]]);
    assert.deepEqual(found("namespaces"), ["Namespace", false, ["ns"], undefined]);
    assert.deepEqual(found("events"), ["Event", true, ["ev"], undefined]);
    const groups = await call(server(), "GET", "/apis");
    assert.ok(listAt(groups.object, "groups").some((group) => stringAt(group, "name") === "events.k8s.io"));
    assert.deepEqual((await call(server(), "GET", "/api")).object.versions, ["v1"]);
  });

  test("health and version answer", async () => {
    for (const path of ["/healthz", "/readyz", "/livez"]) {
      assert.deepEqual((await server().request("GET", path)).body, "ok", path);
    }
    const version = parseJson((await server().request("GET", "/version")).body);
    assert.match(stringAt(version, "gitVersion"), /^v1\.\d+\./);
  });

  test("whoever may speak to the server is told that it may", async () => {
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { verb: "list", resource: "services" } },
    };
    const { status, object } = await call(
      server(),
      "POST",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body,
    );
    assert.deepEqual([status, objectAt(object, "status").allowed], [201, true]);
  });
};
