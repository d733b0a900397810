import { type Api, type Target, timestamp } from "./api.ts";
import { invalid, unsupportedValue } from "./invalid.ts";
import { type JsonObject, listAt, objectAt, stringAt } from "./json.ts";
import { conflict, forbidden, notFound } from "./status.ts";
import { removeObject } from "./update.ts";

/** What a DELETE asks for. */
export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly uid: string | null;
  readonly resourceVersion: string | null;
  readonly propagationPolicy: string | null;
}

/** What a deletion left: nothing, or an object that waits for its finalizers. */
export type Deletion =
  | { readonly kind: "removed"; readonly object: JsonObject }
  | { readonly kind: "waiting"; readonly object: JsonObject };

/** Namespaces that a real server does not let go either. */
const KEPT_NAMESPACES: readonly string[] = ["default", "kube-system", "kube-public"];

const POLICIES: readonly string[] = ["Foreground", "Background", "Orphan"];

const textAt = (object: JsonObject, member: string): string | null => {
  const value = object[member];
  return typeof value === "string" && value !== "" ? value : null;
};

/**
 * Reads the options from the query and from the decoded body, which wins.
 * @throws ApiError 422 for an unknown propagation policy
 */
export const parseDeleteOptions = (query: URLSearchParams, body: JsonObject): DeleteOptions => {
  const propagationPolicy = textAt(body, "propagationPolicy") ?? query.get("propagationPolicy");
  const subject = { kind: "DeleteOptions", group: "meta.k8s.io", name: "" };
  if (propagationPolicy !== null && !POLICIES.includes(propagationPolicy)) {
    throw invalid(subject, [unsupportedValue("propagationPolicy", propagationPolicy, [...POLICIES, "nil"])]);
  }
  const dryRun = [...listAt(body, "dryRun"), ...query.getAll("dryRun")].map(String).filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All")) throw invalid(subject, [unsupportedValue("dryRun", dryRun, ["All"])]);
  const preconditions = objectAt(body, "preconditions");
  return {
    dryRun: dryRun.length > 0,
    uid: textAt(preconditions, "uid"),
    resourceVersion: textAt(preconditions, "resourceVersion"),
    propagationPolicy,
  };
};

const requirePreconditions = ({ resource, name }: Target, metadata: JsonObject, options: DeleteOptions): void => {
  const subject = { group: "", plural: resource.kind };
  const uid = stringAt(metadata, "uid");
  if (options.uid !== null && options.uid !== uid) {
    const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(subject, name, why);
  }
  const revision = stringAt(metadata, "resourceVersion");
  if (options.resourceVersion !== null && options.resourceVersion !== revision) {
    const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${revision}). The object might have been modified`;
    throw conflict(subject, name, why);
  }
};

/** The finalizer that stands for the garbage collector's part in a deletion. */
const propagationFinalizers = (policy: string | null): readonly string[] => {
  if (policy === "Foreground") return ["foregroundDeletion"];
  return policy === "Orphan" ? ["orphan"] : [];
};

const markDeleted = (api: Api, object: JsonObject, finalizers: readonly string[]): JsonObject => {
  const metadata = objectAt(object, "metadata");
  if (stringAt(metadata, "deletionTimestamp") !== "") return object;
  const all = [...new Set([...listAt(metadata, "finalizers"), ...finalizers])];
  const marked = {
    ...metadata,
    deletionTimestamp: timestamp(api.nowMs()),
    deletionGracePeriodSeconds: 0,
    ...(all.length > 0 ? { finalizers: all } : {}),
  };
  return { ...object, metadata: marked };
};

/** Stores the mark, and then does the garbage collector's part: nothing here has dependents to wait for. */
const markAndCollect = (api: Api, target: Target, object: JsonObject, options: DeleteOptions): Deletion => {
  const { resource, namespace, name } = target;
  const finalizers = propagationFinalizers(options.propagationPolicy);
  const marked = markDeleted(api, object, finalizers);
  if (options.dryRun || marked === object) return { kind: "waiting", object: marked };
  const stored = api.store.put(resource.storage, namespace, name, marked).object;
  if (finalizers.length === 0) return { kind: "waiting", object: stored };
  const metadata = objectAt(stored, "metadata");
  const left = listAt(metadata, "finalizers").filter((one) => !finalizers.includes(String(one)));
  if (left.length === 0) {
    removeObject(api, target);
    return { kind: "removed", object };
  }
  const collected = { ...stored, metadata: { ...metadata, finalizers: left } };
  return { kind: "waiting", object: api.store.put(resource.storage, namespace, name, collected).object };
};

/**
 * Deletes an object, or marks it where finalizers hold it.
 * @throws ApiError 403 for a namespace that has to stay, 404, 409 where a precondition does not hold
 */
export const deleteObject = (api: Api, target: Target, options: DeleteOptions): Deletion => {
  const { resource, namespace, name } = target;
  if (resource.storage === "namespaces" && KEPT_NAMESPACES.includes(name)) {
    throw forbidden(resource.name, name, "this namespace may not be deleted");
  }
  const existing = api.store.get(resource.storage, namespace, name);
  if (existing === null) throw notFound(resource.name, name);
  const metadata = objectAt(existing.object, "metadata");
  requirePreconditions(target, metadata, options);
  if (resource.storage === "namespaces") return deleteNamespace(api, target, existing.object, options);
  const held = listAt(metadata, "finalizers").length > 0 || propagationFinalizers(options.propagationPolicy).length > 0;
  if (held) return markAndCollect(api, target, existing.object, options);
  if (!options.dryRun) removeObject(api, target);
  return { kind: "removed", object: existing.object };
};

/** Marks a namespace; its content is the namespace controller's to delete. */
const deleteNamespace = (api: Api, target: Target, object: JsonObject, options: DeleteOptions): Deletion => {
  if (stringAt(objectAt(object, "metadata"), "deletionTimestamp") !== "") return { kind: "waiting", object };
  const { deletionGracePeriodSeconds: _, ...metadata } = objectAt(markDeleted(api, object, []), "metadata");
  const marked = { ...object, metadata, status: { ...objectAt(object, "status"), phase: "Terminating" } };
  if (options.dryRun) return { kind: "waiting", object: marked };
  return { kind: "waiting", object: api.store.put("namespaces", "", target.name, marked).object };
};
