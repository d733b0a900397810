import { type Api, type Target, viewOf } from "./api.ts";
import { type Application, type Applied, applyConfiguration } from "./apply/apply.ts";
import { updateOwnership } from "./apply/managed-fields.ts";
import { type Body, decodeAs, parseBody } from "./body.ts";
import { createObject } from "./create.ts";
import { forbiddenField, invalid, invalidValue, requiredValue } from "./invalid.ts";
import { isObject, type Json, type JsonObject, objectAt, stringAt, without } from "./json.ts";
import { applyJsonPatch } from "./patch/json-patch.ts";
import { applyMergePatch } from "./patch/merge-patch.ts";
import { applyStrategicPatch } from "./patch/strategic.ts";
import { apiVersionOf } from "./resources/resource.ts";
import { ApiError, badRequest, conflict, MODIFIED } from "./status.ts";
import { type Part, updateObject } from "./update.ts";
import type { WriteOptions } from "./write-options.ts";

/** The kinds of patch, by media type. */
export const PATCH_TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
} as const;

export type PatchType = (typeof PATCH_TYPES)[keyof typeof PATCH_TYPES];

/** The stored form after a patch, and whether the patch made the object. */
export interface Patched {
  readonly object: JsonObject;
  readonly created: boolean;
}

const OPTIONS_SUBJECT = { kind: "PatchOptions", group: "meta.k8s.io", name: "" };

const parsePatch = (target: Target, body: Body): Json => {
  try {
    return parseBody(body, target.resource.schema).value;
  } catch (error) {
    const why = error instanceof Error ? error.message : "not JSON";
    throw badRequest(why);
  }
};

const requireObject = (patch: Json): JsonObject => {
  if (isObject(patch)) return patch;
  const why = `couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(patch) ? "array" : typeof patch} into Go value`;
  throw invalid({ kind: "", group: "", name: "" }, [invalidValue("patch", JSON.stringify(patch), why)]);
};

const patchedView = (type: Exclude<PatchType, "apply">, view: JsonObject, patch: Json, target: Target): Json => {
  switch (type) {
    case "json":
      return applyJsonPatch(view, patch);
    case "merge":
      return applyMergePatch(view, requireObject(patch));
    case "strategic":
      return applyStrategicPatch(view, requireObject(patch), target.resource.schema);
  }
};

/** Patches an object that exists. @throws ApiError 400, 404, 409, 415, 422, 500 */
const patchExisting = (
  api: Api,
  target: Target,
  part: Part,
  type: Exclude<PatchType, "apply">,
  body: Body,
  options: WriteOptions,
): Patched => {
  const { resource } = target;
  if (options.force) {
    throw invalid(OPTIONS_SUBJECT, [forbiddenField("force", "may not be specified for non-apply patch")]);
  }
  const change = (old: JsonObject): JsonObject => {
    const patch = parsePatch(target, body);
    const result = patchedView(type, viewOf(resource, old), patch, target);
    return resource.toStored(decodePatched(target, result, patch, options));
  };
  const managed = updateOwnership(api, resource, part, options.manager);
  return { object: updateObject(api, target, part, change, managed, options), created: false };
};

/** What a patch makes of an object has to be one of its type still. @throws ApiError 422 */
const decodePatched = ({ resource }: Target, result: Json, patch: Json, options: WriteOptions): JsonObject => {
  try {
    return decodeAs(resource, result, [], options);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw invalid({ kind: "", group: "", name: "" }, [invalidValue("patch", JSON.stringify(patch), error.message)]);
  }
};

const parseConfiguration = ({ resource, name }: Target, body: Body): JsonObject => {
  let config: Json;
  try {
    config = parseBody(body, resource.schema).value;
  } catch (error) {
    const why = error instanceof Error ? error.message : "not YAML";
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`);
  }
  if (!isObject(config)) throw badRequest("error decoding YAML: the patch is no object");
  const version = stringAt(config, "apiVersion");
  if (version !== apiVersionOf(resource)) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${apiVersionOf(resource)}`,
    );
  }
  if (stringAt(config, "kind") !== resource.kind) {
    throw badRequest(`the kind of the applied object (${stringAt(config, "kind")}) is not ${resource.kind}`);
  }
  const metadata = objectAt(config, "metadata");
  if (metadata.managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  const given = stringAt(metadata, "name");
  if (given !== "" && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  return config;
};

/** Server-side apply: creates the object where there is none. */
const apply = (
  api: Api,
  target: Target,
  part: Part,
  body: Body,
  fieldManager: string,
  options: WriteOptions,
): Patched => {
  const { resource, namespace, name } = target;
  if (fieldManager === "") {
    throw invalid(OPTIONS_SUBJECT, [requiredValue("fieldManager", "is required for apply patch")]);
  }
  const config = parseConfiguration(target, body);
  const application: Application = { resource, part, manager: fieldManager, force: options.force, config };
  const existing = api.store.get(resource.storage, namespace, name);
  const revision = stringAt(objectAt(config, "metadata"), "resourceVersion");
  if (existing === null) {
    if (revision !== "") throw conflict(resource.name, name, MODIFIED);
    const applied = applyConfiguration(api, application, null);
    const object = decodeApplied(target, applied, options);
    return { object: createObject(api, target, object, () => applied.managedFields, options), created: true };
  }
  if (revision !== "" && revision !== String(existing.revision)) throw conflict(resource.name, name, MODIFIED);
  const applied = applyConfiguration(api, application, existing.object);
  const change = (): JsonObject => resource.toStored(decodeApplied(target, applied, options));
  return { object: updateObject(api, target, part, change, () => applied.managedFields, options), created: false };
};

/** The merged object, read anew as its type: what the merge left empty goes, and the name is what the URL says. */
const decodeApplied = ({ resource, name }: Target, { object }: Applied, options: WriteOptions): JsonObject => {
  const metadata = { ...without(objectAt(object, "metadata"), "managedFields"), name };
  return decodeAs(resource, { ...object, metadata }, [], options);
};

/**
 * Patches an object.
 * @param fieldManager as the query gave it; an apply cannot do without
 */
export const patchObject = (
  api: Api,
  target: Target,
  part: Part,
  type: PatchType,
  body: Body,
  fieldManager: string,
  options: WriteOptions,
): Patched =>
  type === "apply"
    ? apply(api, target, part, body, fieldManager, options)
    : patchExisting(api, target, part, type, body, options);
