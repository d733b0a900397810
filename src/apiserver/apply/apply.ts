import { type Api, timestamp } from "../api.ts";
import { isObject, type Json, type JsonObject, objectAt, parseJson, stringAt } from "../json.ts";
import { apiVersionOf, type Resource } from "../resources/resource.ts";
import { emptyObject } from "../schema/decode.ts";
import { applyConflict, type Cause } from "../status.ts";
import type { Part } from "../update.ts";
import { fieldSetOf } from "./compare.ts";
import { difference, EMPTY_SET, type FieldSet, isEmptySet, pathsOf, showPath, union } from "./field-set.ts";
import { comparer, losses, ownable } from "./managed-fields.ts";
import { type Manager, managedFieldsOf, managersOf, sameManager, withManager } from "./managers.ts";
import { merge, prune } from "./merge.ts";
import { typedConfiguration } from "./typed.ts";

/** kubectl's record of the last client-side apply. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** One server-side apply. */
export interface Application {
  readonly resource: Resource;
  readonly part: Part;
  readonly manager: string;
  readonly force: boolean;
  /** What is applied, as the client's version writes it. */
  readonly config: JsonObject;
}

/** The object after an apply, in the client's version, and its managedFields. */
export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: Json;
}

const showManager = (manager: Manager): string => {
  const name =
    JSON.stringify(manager.name) + (manager.subresource === "" ? "" : ` with subresource "${manager.subresource}"`);
  if (manager.operation === "Apply") return name;
  const time = manager.time === "" ? "" : ` at ${manager.time}`;
  return `${name} using ${manager.apiVersion}${time}`;
};

const conflictError = (taken: readonly Manager[]): Error => {
  const causes: readonly Cause[] = taken.flatMap((manager) =>
    pathsOf(manager.fields).map((path) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${showManager(manager)}`,
      field: showPath(path),
    })),
  );
  const [first] = causes;
  if (causes.length === 1 && first !== undefined) {
    return applyConflict(`Apply failed with 1 conflict: ${first.message}: ${first.field}`, causes);
  }
  const groups = taken
    .map((manager) => [showManager(manager), ...pathsOf(manager.fields).map(showPath)])
    .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))
    .map(([name, ...paths]) => `conflicts with ${name}:\n- ${paths.join("\n- ")}`);
  return applyConflict(`Apply failed with ${causes.length} conflicts: ${groups.join("\n")}`, causes);
};

/** What kubectl's last client-side apply set: server-side apply by kubectl may take that over without force. */
const lastAppliedFields = (resource: Resource, live: JsonObject): FieldSet => {
  const text = stringAt(objectAt(objectAt(live, "metadata"), "annotations"), LAST_APPLIED);
  if (text === "") return EMPTY_SET;
  try {
    const last = parseJson(text);
    return isObject(last) ? fieldSetOf(resource.schema, typedConfiguration(resource.schema, last)) : EMPTY_SET;
  } catch {
    // A hand-written annotation that is no configuration allows nothing.
    return EMPTY_SET;
  }
};

const refusedConflicts = (
  application: Application,
  live: JsonObject,
  taken: readonly Manager[],
): readonly Manager[] => {
  if (application.force) return [];
  const allowed = application.manager === "kubectl" ? lastAppliedFields(application.resource, live) : EMPTY_SET;
  return taken
    .map((manager) => ({ ...manager, fields: difference(manager.fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields));
};

/** Keeps kubectl's record in step, so that a later client-side apply knows what was set. */
const withLastApplied = (application: Application, live: JsonObject, object: JsonObject): JsonObject => {
  const had = stringAt(objectAt(objectAt(live, "metadata"), "annotations"), LAST_APPLIED) !== "";
  if (application.manager !== "kubectl" || !had) return object;
  const metadata = objectAt(object, "metadata");
  const annotations = {
    ...objectAt(metadata, "annotations"),
    [LAST_APPLIED]: `${JSON.stringify(application.config)}\n`,
  };
  return { ...object, metadata: { ...metadata, annotations } };
};

/**
 * Merges a configuration into the live object by who owns what.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 * @param live the stored form, or null where the apply creates the object
 * @throws ApiError 409 where other managers own what would change, 500 where the configuration does not fit its type
 */
export const applyConfiguration = (api: Api, application: Application, live: JsonObject | null): Applied => {
  const { resource, part } = application;
  const config = typedConfiguration(resource.schema, application.config);
  const before = live === null ? emptyObject(resource.schema) : resource.fromStored(live);
  const fields = fieldSetOf(resource.schema, config);
  const self: Manager = {
    name: application.manager,
    operation: "Apply",
    apiVersion: apiVersionOf(resource),
    subresource: part === "main" ? "" : part,
    time: timestamp(api.nowMs()),
    fields,
  };
  const managers = managersOf(live);
  const last = managers.find((manager) => sameManager(manager, self))?.fields ?? EMPTY_SET;
  const kept = managers.reduce((sum, one) => (sameManager(one, self) ? sum : union(sum, one.fields)), fields);
  const merged = prune(resource.schema, merge(resource.schema, before, config), last, kept);
  const object = isObject(merged) ? merged : before;
  const { left, taken } = losses(managers, self, comparer(api.resources, resource, live, resource.toStored(object)));
  const refused = refusedConflicts(application, before, taken);
  if (refused.length > 0) throw conflictError(refused);
  const owned = { ...self, fields: ownable(resource, part, fields) };
  return {
    object: withLastApplied(application, before, object),
    managedFields: managedFieldsOf(withManager(left, owned)),
  };
};
