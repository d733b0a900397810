import type { Json, JsonObject } from "../../src/apiserver/json.ts";
import type { Random } from "./random.ts";

const LABELS = ["tier", "app", "hotroute.io/expose"] as const;
export const VALUES = ["web", "db", "true", "", "x.y_z-1"] as const;

export const someLabels = (random: Random): JsonObject =>
  Object.fromEntries(LABELS.filter(() => random.chance(0.5)).map((key) => [key, random.pick(VALUES)]));

/** Patches of a Service, good and bad; `$IP` stands for its address. */
export const MERGES = (random: Random): readonly [Json, ...Json[]] => [
  { metadata: { labels: someLabels(random) } },
  { metadata: { labels: { tier: null } } },
  { metadata: { labels: null } },
  { metadata: { annotations: { "hotroute.io/path": "/x" } } },
  { metadata: { resourceVersion: "1" } },
  { metadata: { name: "other" } },
  { metadata: { finalizers: null } },
  { spec: { selector: { app: "z", extra: "1" } } },
  { spec: { ports: [{ port: 8000 + random.below(3), name: "new" }] } },
  { spec: { type: random.pick(["NodePort", "ClusterIP"]) } },
  { spec: { sessionAffinity: random.pick(["ClientIP", "None"]) } },
  { spec: { ports: "nonsense" } },
  [1],
];

export const STRATEGICS = (random: Random): readonly [Json, ...Json[]] => [
  { spec: { ports: [{ port: 80 + random.below(3), name: `s${random.below(3)}` }] } },
  { spec: { ports: [{ port: 80 + random.below(3), $patch: "delete" }] } },
  { spec: { ports: [{ $patch: "replace" }, { port: 81, name: "only" }] } },
  { spec: { $patch: "replace", ports: [{ port: 82 }], clusterIP: "$IP" } },
  { spec: { $retainKeys: ["ports", "clusterIP", "clusterIPs", "type", "sessionAffinity"], type: "ClusterIP" } },
  { spec: { "$setElementOrder/ports": [{ port: 82 }, { port: 80 }], ports: [{ port: 82, name: "z" }] } },
  { metadata: { finalizers: ["example.com/one"] } },
  {
    metadata: {
      finalizers: ["example.com/two"],
      "$setElementOrder/finalizers": ["example.com/two", "example.com/one"],
    },
  },
  { spec: { ports: [{ name: "keyless" }] } },
  { spec: { $patch: "nonsense" } },
];

export const JSON_PATCHES = (random: Random): readonly [Json, ...Json[]] => [
  [{ op: "add", path: "/metadata/labels", value: someLabels(random) }],
  [{ op: "add", path: "/metadata/labels/tier", value: "web" }],
  [{ op: "remove", path: "/metadata/labels" }],
  [{ op: "replace", path: "/spec/ports/0/port", value: 80 + random.below(5) }],
  [
    { op: "test", path: "/spec/type", value: "ClusterIP" },
    { op: "add", path: "/metadata/annotations", value: { t: "1" } },
  ],
  [{ op: "test", path: "/spec/type", value: "Nope" }],
  [{ op: "move", from: "/metadata/labels", path: "/metadata/annotations" }],
  [{ op: "copy", from: "/spec/ports/0/port", path: "/spec/ports/0/targetPort" }],
  [{ op: "add", path: "/spec/ports/-", value: { port: 90, name: "last", protocol: "TCP" } }],
  [{ op: "add", path: "/spec/ports/9", value: { port: 90 } }],
  [{ op: "remove", path: "/spec/nothing" }],
  [{ op: "nonsense", path: "/spec" }],
  { op: "add" },
];
