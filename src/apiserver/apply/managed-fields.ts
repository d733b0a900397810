import { type Api, timestamp } from "../api.ts";
import type { Json, JsonObject } from "../json.ts";
import { apiVersionOf, type Resource } from "../resources/resource.ts";
import { emptyObject } from "../schema/decode.ts";
import type { Part } from "../update.ts";
import { type Comparison, compare } from "./compare.ts";
import { difference, EMPTY_SET, type FieldSet, intersection, isEmptySet, union, withoutBranch } from "./field-set.ts";
import { isReset, type Manager, managedFieldsOf, managersOf, sameManager, withManager } from "./managers.ts";

/** Makes managedFields of an object about to be stored (storage form, defaults set) from it and the old one. */
export type ManagedUpdate = (object: JsonObject, old: JsonObject | null) => Json;

/** Set by the server or the identity of the object: nobody owns these. */
const UNOWNED = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
];

/** Drops what nobody owns, and what a write to this part cannot change. */
export const ownable = (resource: Resource, part: Part, set: FieldSet): FieldSet => {
  let left = withoutBranch(withoutBranch(set, ["f:apiVersion"]), ["f:kind"]);
  for (const member of UNOWNED) left = withoutBranch(left, ["f:metadata", `f:${member}`]);
  const hasStatus = resource.subresources.some(({ name }) => name === "status");
  if (hasStatus && part === "main") left = withoutBranch(left, ["f:status"]);
  return part === "status" ? withoutBranch(left, ["f:spec"]) : left;
};

/** Compares two stored objects as a version sees them; the answers are kept, since managers mostly share a version. */
export const comparer = (
  resources: readonly Resource[],
  resource: Resource,
  old: JsonObject | null,
  object: JsonObject,
): ((apiVersion: string) => Comparison) => {
  const known = new Map<string, Comparison>();
  return (apiVersion) => {
    const version =
      resources.find((one) => one.storage === resource.storage && apiVersionOf(one) === apiVersion) ?? resource;
    const key = apiVersionOf(version);
    const before = old === null ? emptyObject(version.schema) : version.fromStored(old);
    const answer = known.get(key) ?? compare(version.schema, before, version.fromStored(object));
    known.set(key, answer);
    return answer;
  };
};

/** What each other manager loses: the fields that changed under it, and those that are gone. */
export const losses = (
  managers: readonly Manager[],
  self: Manager,
  compareIn: (apiVersion: string) => Comparison,
): { readonly left: readonly Manager[]; readonly taken: readonly Manager[] } => {
  const left: Manager[] = [];
  const taken: Manager[] = [];
  for (const manager of managers) {
    if (sameManager(manager, self)) {
      left.push(manager);
      continue;
    }
    const { added, modified, removed } = compareIn(manager.apiVersion);
    const fields = intersection(manager.fields, union(added, modified));
    if (!isEmptySet(fields)) taken.push({ ...manager, fields });
    left.push({ ...manager, fields: difference(difference(manager.fields, fields), removed) });
  }
  return { left: left.filter(({ fields }) => !isEmptySet(fields)), taken };
};

/** Ownership after a create, a PUT or a patch other than apply: the writer owns what it changed. */
export const updateOwnership =
  (api: Api, resource: Resource, part: Part, name: string): ManagedUpdate =>
  (object, old) => {
    if (isReset(object)) return null;
    const self: Manager = {
      name,
      operation: "Update",
      apiVersion: apiVersionOf(resource),
      subresource: part === "main" ? "" : part,
      time: timestamp(api.nowMs()),
      fields: EMPTY_SET,
    };
    // A client that knows nothing of managedFields leaves them away: the live ones stand.
    const given = managersOf(object);
    const managers = given.length > 0 ? given : managersOf(old);
    const compareIn = comparer(api.resources, resource, old, object);
    const { added, modified, removed } = compareIn(self.apiVersion);
    const { left } = losses(managers, self, compareIn);
    const mine = left.find((manager) => sameManager(manager, self))?.fields ?? EMPTY_SET;
    const fields = difference(union(mine, union(added, modified)), removed);
    return managedFieldsOf(withManager(left, { ...self, fields: ownable(resource, part, fields) }));
  };
