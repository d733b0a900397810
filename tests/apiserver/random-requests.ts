import type { Json, JsonObject } from "../../src/apiserver/json.ts";
import type { Random } from "./random.ts";
import { JSON_PATCHES, MERGES, STRATEGICS, someLabels, VALUES } from "./random-patches.ts";

/** One request; `$RV`, `$UID` and `$IP` stand for what the server's own object has at that time. */
export interface PlannedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: Json;
  readonly contentType?: string;
  /** The object whose values the placeholders take. */
  readonly subject?: string;
}

const NAMESPACES = ["default", "second"] as const;
const NAMES = ["a", "b", "c", "d", "e", "long-name"] as const;
/** Objects of server-side apply, whose merged lists newer servers put in another order: so no patch counts on it. */
const APPLIED_NAMES = ["s-one", "s-two"] as const;
const MANAGERS = ["m1", "m2", "m3"] as const;
const SELECTORS = [
  "tier=web",
  "tier!=web",
  "tier",
  "!tier",
  "tier in (web,db)",
  "tier notin (web)",
  "tier==web,app",
  "hotroute.io/expose=true,tier!=db",
  "tier in (web,)",
  "=x",
  "tier in web",
  "a b",
  "tier=a/b",
] as const;

const servicesIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/services`;

/** Newer servers say that an applied empty map is owned, older ones do not: so there is always one label. */
const appliedLabels = (random: Random): JsonObject => ({ app: random.pick(VALUES), ...someLabels(random) });

const somePort = (random: Random, index: number, several: boolean): JsonObject => ({
  ...(several || random.chance(0.4) ? { name: random.chance(0.95) ? `p${index}` : "p0" } : {}),
  port: random.chance(0.95) ? 80 + index : random.pick([0, 70_000, -1]),
  ...(random.chance(0.5) ? { protocol: random.chance(0.93) ? random.pick(["TCP", "UDP"]) : "HTTP" } : {}),
  ...(random.chance(0.4) ? { targetPort: random.pick([8080, "http", "web-1", 70_000]) } : {}),
});

const someSpec = (random: Random): JsonObject => {
  const count = 1 + random.below(3);
  const ports = Array.from({ length: count }, (_, index) => somePort(random, index, count > 1 && random.chance(0.95)));
  const kind = random.below(20);
  if (kind === 0) return { ports: [] };
  if (kind === 1) return { type: "ExternalName", externalName: random.pick(["example.com", "Example", ""]) };
  if (kind === 2) return { clusterIP: "None", ports };
  // Newer servers let a load balancer have several protocols: so these have one.
  if (kind === 3) return { ports: [{ port: 80 + random.below(3) }], type: random.pick(["NodePort", "LoadBalancer"]) };
  if (kind === 4) return { ports, type: "Nope" };
  if (kind === 5) return { ports, clusterIP: random.pick(["10.1.2.3", "127.96.0.1", "nonsense"]) };
  if (kind === 6) return { ports, sessionAffinity: random.pick(["ClientIP", "Sometimes"]) };
  if (kind === 7) return { ports, externalIPs: [random.pick(["192.0.2.7", "127.0.0.1", "x"])] };
  return { ports, ...(random.chance(0.5) ? { selector: { app: random.pick(["x", "y"]) } } : {}) };
};

const someMetadata = (random: Random, name: string): JsonObject => ({
  name,
  ...(random.chance(0.7) ? { labels: someLabels(random) } : {}),
  ...(random.chance(0.3) ? { annotations: { "hotroute.io/host": random.pick(["a.example", "b.example"]) } } : {}),
  ...(random.chance(0.05) ? { labels: { "bad key": "x" } } : {}),
  ...(random.chance(0.05) ? { finalizers: [random.pick(["example.com/hold", "unqualified"])] } : {}),
});

const create = (random: Random): PlannedRequest => {
  const namespace = random.chance(0.95) ? random.pick(NAMESPACES) : "missing";
  const name = random.chance(0.93) ? random.pick(NAMES) : random.pick(["Bad_Name", "1st", "", "x".repeat(64)]);
  const metadata = someMetadata(random, name);
  return {
    method: "POST",
    path: servicesIn(namespace),
    body: { apiVersion: "v1", kind: "Service", metadata, spec: someSpec(random) },
  };
};

const replace = (random: Random, path: string, name: string): PlannedRequest => ({
  method: "PUT",
  path,
  subject: path,
  body: {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...someMetadata(random, name), resourceVersion: "$RV" },
    spec: {
      ports: [{ port: 80 + random.below(3), protocol: "TCP" }],
      clusterIP: "$IP",
      type: "ClusterIP",
      sessionAffinity: "None",
    },
  },
});

const patch = (random: Random, path: string): PlannedRequest => {
  const kind = random.below(path.includes("/s-") ? 2 : 3);
  const dryRun = random.chance(0.05) ? "?dryRun=All" : "";
  const common = { method: "PATCH", path: `${path}${dryRun}`, subject: path };
  if (kind === 0) return { ...common, contentType: "application/merge-patch+json", body: random.pick(MERGES(random)) };
  if (kind === 1) {
    return { ...common, contentType: "application/strategic-merge-patch+json", body: random.pick(STRATEGICS(random)) };
  }
  return { ...common, contentType: "application/json-patch+json", body: random.pick(JSON_PATCHES(random)) };
};

const apply = (random: Random, path: string, name: string): PlannedRequest => {
  const ports = [80, 81, 82].filter(() => random.chance(0.5));
  const config = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, ...(random.chance(0.6) ? { labels: appliedLabels(random) } : {}) },
    spec: {
      ...(ports.length > 0
        ? { ports: ports.map((port) => ({ port, protocol: "TCP", name: `n${random.chance(0.8) ? port : 80 + port}` })) }
        : {}),
      ...(random.chance(0.2) ? { sessionAffinity: "ClientIP" } : { sessionAffinity: "None" }),
      ...(random.chance(0.05) ? { unknown: true } : {}),
    },
  };
  const force = random.chance(0.5) ? "&force=true" : "";
  return {
    method: "PATCH",
    path: `${path}?fieldManager=${random.pick(MANAGERS)}${force}`,
    contentType: "application/apply-patch+yaml",
    body: config,
  };
};

const remove = (random: Random, path: string): PlannedRequest => {
  const body = random.pick<Json>([
    null,
    { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "$UID" } },
    { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "not-this-one" } },
    { kind: "DeleteOptions", apiVersion: "v1", preconditions: { resourceVersion: "1" } },
    { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" },
    { kind: "DeleteOptions", apiVersion: "v1", dryRun: ["All"] },
  ]);
  return { method: "DELETE", path, subject: path, ...(body === null ? {} : { body }) };
};

const read = (random: Random, path: string): PlannedRequest => {
  if (random.chance(0.5)) return { method: "GET", path };
  const scope = random.chance(0.5) ? "/api/v1/services" : servicesIn(random.pick(NAMESPACES));
  const selector = random.chance(0.6) ? `labelSelector=${encodeURIComponent(random.pick(SELECTORS))}` : "";
  const fields = random.pick([
    "",
    "",
    `&fieldSelector=metadata.name%3D${random.pick(NAMES)}`,
    "&fieldSelector=metadata.namespace!%3Ddefault",
  ]);
  const limit = random.pick(["", "", "&limit=2", "&limit=0", "&limit=x"]);
  return { method: "GET", path: `${scope}?${selector}${fields}${limit}` };
};

const wrong = (random: Random, path: string): PlannedRequest =>
  random.pick<PlannedRequest>([
    { method: "POST", path: servicesIn("default"), body: "{bad" },
    { method: "POST", path: servicesIn("default"), body: "x", contentType: "text/plain" },
    { method: "PATCH", path, body: "{}", contentType: "application/json" },
    { method: "POST", path, body: {} },
    { method: "PUT", path: servicesIn("default"), body: {} },
    { method: "GET", path: "/api/v1/namespaces/default/nothing" },
    { method: "GET", path: "/api/v1/services?resourceVersion=999999999" },
    { method: "GET", path: "/api/v1/services?resourceVersion=1&resourceVersionMatch=Foo" },
    { method: "GET", path: "/api/v1/services?continue=nonsense" },
    {
      method: "POST",
      path: servicesIn("second"),
      body: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "a", namespace: "default" },
        spec: { ports: [{ port: 80 }] },
      },
    },
    { method: "POST", path: servicesIn("default"), body: { apiVersion: "v1", kind: "Service", metadata: { name: 1 } } },
    {
      method: "PUT",
      path,
      body: { apiVersion: "v1", kind: "Service", metadata: { name: "mismatch" }, spec: { ports: [{ port: 80 }] } },
    },
  ]);

/** The next request of a run. */
export const planRequest = (random: Random): PlannedRequest => {
  const isApplied = random.chance(0.3);
  const name = isApplied ? random.pick(APPLIED_NAMES) : random.pick(NAMES);
  const path = `${servicesIn(random.pick(NAMESPACES))}/${name}`;
  const dice = random.below(100);
  if (isApplied && dice < 60) return apply(random, path, name);
  if (dice < 26) return create(random);
  if (dice < 36) return replace(random, path, name);
  if (dice < 60) return patch(random, path);
  if (dice < 72) return remove(random, path);
  if (dice < 92) return read(random, path);
  return wrong(random, path);
};
