import type { Api, Target } from "./api.ts";
import type { ManagedUpdate } from "./apply/managed-fields.ts";
import { requireSameNamespace } from "./create.ts";
import { invalid } from "./invalid.ts";
import { equalJson, type JsonObject, listAt, objectAt, stringAt, withMember } from "./json.ts";
import { keepServerMetadata, validateMetadata, validateMetadataUpdate } from "./resources/metadata.ts";
import type { Resource } from "./resources/resource.ts";
import { canonical } from "./schema/decode.ts";
import { badRequest, conflict, MODIFIED, notFound } from "./status.ts";
import type { WriteOptions } from "./write-options.ts";

/** Which part of an object a write may change. */
export type Part = "main" | "status" | "finalize";

/** The new object of an update, made of the old one (both in storage form, without kind and apiVersion). */
export type Change = (old: JsonObject) => JsonObject;

/** A write to a subresource changes that part alone. */
const prepare = (resource: Resource, part: Part, object: JsonObject, old: JsonObject): JsonObject => {
  const kept = keepServerMetadata(object, old);
  switch (part) {
    case "main":
      return resource.strategy.prepareForUpdate(kept, old);
    case "status":
      return { ...old, metadata: kept.metadata ?? {}, status: kept.status ?? {} };
    case "finalize":
      return {
        ...old,
        metadata: kept.metadata ?? {},
        spec: { finalizers: listAt(objectAt(kept, "spec"), "finalizers") },
      };
  }
};

const requireRevision = (target: Target, metadata: JsonObject, old: JsonObject): void => {
  const [wanted, current] = [
    stringAt(metadata, "resourceVersion"),
    stringAt(objectAt(old, "metadata"), "resourceVersion"),
  ];
  if (wanted !== "" && wanted !== current) throw conflict(target.resource.name, target.name, MODIFIED);
};

/** The body of a PUT names the object that the path names. @throws ApiError 400 */
export const requireSameName = ({ name }: Target, metadata: JsonObject): void => {
  const given = stringAt(metadata, "name");
  if (given === "") throw badRequest("name must be provided");
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
};

/** An object that is being deleted is gone once its last finalizer is. */
const isReleased = (object: JsonObject): boolean => {
  const metadata = objectAt(object, "metadata");
  const held = listAt(metadata, "finalizers").length + listAt(objectAt(object, "spec"), "finalizers").length;
  return stringAt(metadata, "deletionTimestamp") !== "" && held === 0;
};

/** Removes an object for good and gives back what it held. */
export const removeObject = (api: Api, target: Target): void => {
  const removed = api.store.remove(target.resource.storage, target.namespace, target.name);
  if (removed !== null) target.resource.strategy.recorded(null, removed.object);
};

/**
 * Replaces an object by what `change` makes of it.
 * @returns the stored form; where nothing changed, the old one under its old revision
 * @throws ApiError 400, 404, 409, 422
 */
export const updateObject = (
  api: Api,
  target: Target,
  part: Part,
  change: Change,
  managed: ManagedUpdate,
  options: WriteOptions,
): JsonObject => {
  const { resource, namespace, name } = target;
  const { strategy } = resource;
  const existing = api.store.get(resource.storage, namespace, name);
  if (existing === null) throw notFound(resource.name, name);
  const old = existing.object;
  const changed = change(old);
  const given = objectAt(changed, "metadata");
  requireSameName(target, given);
  requireSameNamespace(target, given);
  const defaulted = strategy.defaults(changed);
  const managedFields = managed(defaulted, old);
  requireRevision(target, given, old);
  const metadata = withMember(objectAt(defaulted, "metadata"), "managedFields", managedFields);
  const prepared = prepare(resource, part, { ...defaulted, metadata }, old);
  const causes = [
    ...validateMetadataUpdate(prepared, old),
    ...validateMetadata(prepared, () => []),
    ...(part === "main" ? strategy.validate(prepared, old) : []),
  ];
  if (causes.length > 0) throw invalid({ kind: resource.kind, group: "", name }, causes);
  const allocated = canonical(resource.storageSchema, strategy.allocate(prepared, old));
  return store(api, target, withRevisionOf(allocated, old), old, options);
};

const withRevisionOf = (object: JsonObject, old: JsonObject): JsonObject => {
  const resourceVersion = stringAt(objectAt(old, "metadata"), "resourceVersion");
  return { ...object, metadata: { ...objectAt(object, "metadata"), resourceVersion } };
};

const store = (api: Api, target: Target, object: JsonObject, old: JsonObject, options: WriteOptions): JsonObject => {
  const { resource, namespace, name } = target;
  if (options.dryRun) return object;
  if (isReleased(object)) {
    removeObject(api, target);
    return object;
  }
  if (equalJson(object, old)) return old;
  const stored = api.store.put(resource.storage, namespace, name, object).object;
  resource.strategy.recorded(stored, old);
  return stored;
};
