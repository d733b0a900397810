import { isList, isObject, type Json, type JsonObject } from "../../src/apiserver/json.ts";

/*
 * What differs between two servers, or two versions, without meaning anything: identities, times, revisions, addresses
 * that were given out, and fields that came after Kubernetes 1.20.
 */

/** Members that a server sets to a value of its own. */
const OWN: Readonly<Record<string, string>> = {
  uid: "UID",
  resourceVersion: "RV",
  creationTimestamp: "TIME",
  deletionTimestamp: "TIME",
  time: "TIME",
  continue: "TOKEN",
};

/** Members that only newer servers have. */
const NEWER: readonly string[] = [
  "ipFamilies",
  "ipFamilyPolicy",
  "internalTrafficPolicy",
  "allocateLoadBalancerNodePorts",
  "f:ipFamilies",
  "f:ipFamilyPolicy",
  "f:internalTrafficPolicy",
  "f:allocateLoadBalancerNodePorts",
  "kubernetes.io/metadata.name",
  "f:kubernetes.io/metadata.name",
  // Newer servers write ownership of status only for the status subresource.
  "f:status",
];

const ALLOCATED_ADDRESS = /^127\.96\.\d+\.\d+$/;

const normalizeMember = (key: string, value: Json): Json => {
  const own = OWN[key];
  if (own !== undefined && value !== null && value !== "") return own;
  // A map that is merged as a whole since 1.21.
  if (key === "f:selector" || key === "f:involvedObject" || key === "f:regarding") return {};
  // The API server's own Service names the port that the server listens on.
  if (key === "targetPort" && typeof value === "number" && value > 9_000) return "PORT";
  if (key === "nodePort" || key === "healthCheckNodePort") return value === 0 ? 0 : "NODEPORT";
  return normalize(value);
};

/** Where nothing is left of an object that only newer servers fill, it goes too. */
const isDropped = (key: string, before: Json, after: Json): boolean =>
  ["labels", "f:labels", "f:metadata", "f:spec"].includes(key) &&
  isObject(after) &&
  Object.keys(after).filter((one) => one !== ".").length === 0 &&
  isObject(before) &&
  Object.keys(before).length > 0;

const nameOf = (object: JsonObject): string => {
  const name = isObject(object.metadata) ? object.metadata.name : "";
  return typeof name === "string" ? name : "";
};

/** Newer servers put the items of an applied list in the configuration's order; objects of such tests begin with `s-`. */
const orderPorts = (object: JsonObject): JsonObject => {
  const { spec } = object;
  if (!nameOf(object).startsWith("s-") || !isObject(spec) || !isList(spec.ports)) return object;
  const ports = spec.ports.toSorted((a, b) => (JSON.stringify(normalize(a)) < JSON.stringify(normalize(b)) ? -1 : 1));
  return { ...object, spec: { ...spec, ports } };
};

export const normalize = (value: Json): Json => {
  if (typeof value === "string") return ALLOCATED_ADDRESS.test(value) ? "ADDRESS" : value;
  if (isList(value)) return value.map(normalize);
  if (!isObject(value)) return value;
  const entries = Object.entries(orderPorts(value)).flatMap(([key, member]): [string, Json][] => {
    if (NEWER.includes(key)) return [];
    if (key === "managedFields" && isList(member)) return managedFields(member);
    const normal = normalizeMember(key, member);
    return isDropped(key, member, normal) ? [] : [[key, normal]];
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
};

/** Managers whose every field is a newer one are unknown to an older server. */
const managedFields = (entries: readonly Json[]): [string, Json][] => {
  const left = entries.map(normalize).filter((entry) => {
    const fields = isObject(entry) ? entry.fieldsV1 : undefined;
    return isObject(fields) && Object.keys(fields).length > 0;
  });
  // Entries of the same second stand in the order of their managers, those of different seconds in that of time.
  return left.length === 0
    ? []
    : [["managedFields", left.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))]];
};

const causeOf = (cause: Json): Json => {
  if (!isObject(cause)) return cause;
  // Newer servers name the same field by its singular, and take a list's first item for the list.
  const field =
    typeof cause.field === "string"
      ? cause.field.replace(/\[0\]$/, "").replace(/^spec\.clusterIPs$/, "spec.clusterIP")
      : "";
  return { reason: cause.reason ?? "", field };
};

/** A Status without its wording: that changes from version to version. */
const normalizeStatus = (status: JsonObject): Json => {
  const details = isObject(status.details) ? status.details : {};
  const texts = isList(details.causes) ? details.causes.map(causeOf).map((cause) => JSON.stringify(cause)) : [];
  const hasOwnOrder = typeof details.name === "string" && details.name.startsWith("s-");
  const causes = hasOwnOrder ? texts.map((text) => text.replace(/\[\d+\]/g, "[]")) : texts;
  return {
    status: status.status ?? null,
    reason: status.reason ?? null,
    code: status.code ?? null,
    details: { name: details.name ?? null, group: details.group ?? null, kind: details.kind ?? null },
    causes: [...new Set(causes)].toSorted(),
  };
};

/** An answer's body for comparison. */
export const normalizeBody = (body: Json): Json =>
  isObject(body) && body.kind === "Status" ? normalizeStatus(body) : normalize(body);
