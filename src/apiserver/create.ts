import { randomBytes, randomUUID } from "node:crypto";
import { type Api, type Target, timestamp } from "./api.ts";
import type { ManagedUpdate } from "./apply/managed-fields.ts";
import { invalid } from "./invalid.ts";
import { type JsonObject, objectAt, stringAt, withMember, without } from "./json.ts";
import { validateMetadata } from "./resources/metadata.ts";
import type { Resource } from "./resources/resource.ts";
import { canonical } from "./schema/decode.ts";
import { alreadyExists, badRequest, forbidden, internalError, notFound } from "./status.ts";
import type { WriteOptions } from "./write-options.ts";

/** Letters and digits without those that look alike or make words (k8s.io/apimachinery/pkg/util/rand). */
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const MAX_GENERATED_PREFIX = 58;

const generatedName = (prefix: string): string => {
  const suffix = [...randomBytes(5)].map((byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join("");
  return prefix.slice(0, MAX_GENERATED_PREFIX) + suffix;
};

const NAMESPACES = { group: "", plural: "namespaces" };

/** Nothing is created in a namespace that is missing or on its way out. */
const requireNamespace = (api: Api, resource: Resource, namespace: string, name: string): void => {
  if (!resource.namespaced) return;
  const found = api.store.get("namespaces", "", namespace);
  if (found === null) throw notFound(NAMESPACES, namespace);
  if (stringAt(objectAt(found.object, "metadata"), "deletionTimestamp") === "") return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(resource.name, name, why, [
    {
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    },
  ]);
};

/** The body's metadata with what only the server sets. */
const createdMetadata = (api: Api, { resource, namespace }: Target, given: JsonObject): JsonObject => {
  const [name, prefix] = [stringAt(given, "name"), stringAt(given, "generateName")];
  const finalName = name === "" && prefix !== "" ? generatedName(prefix) : name;
  const rest = without(given, "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation");
  return {
    ...(finalName === "" ? {} : { name: finalName }),
    ...(prefix === "" ? {} : { generateName: prefix }),
    ...(resource.namespaced ? { namespace } : {}),
    uid: randomUUID(),
    creationTimestamp: timestamp(api.nowMs()),
    ...without(rest, "name", "generateName", "namespace", "uid", "resourceVersion", "creationTimestamp"),
  };
};

export const requireSameNamespace = ({ resource, namespace }: Target, metadata: JsonObject): void => {
  const given = stringAt(metadata, "namespace");
  const wanted = resource.namespaced ? namespace : "";
  if (given !== "" && given !== wanted) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
};

/**
 * Creates an object from a decoded body of its version, without kind and apiVersion.
 * @returns the stored form
 * @throws ApiError 400, 403, 404, 409, 422
 */
export const createObject = (
  api: Api,
  target: Target,
  body: JsonObject,
  managed: ManagedUpdate,
  options: WriteOptions,
): JsonObject => {
  const { resource, namespace } = target;
  const given = objectAt(body, "metadata");
  requireSameNamespace(target, given);
  requireNamespace(api, resource, namespace, stringAt(given, "name"));
  if (stringAt(given, "resourceVersion") !== "") {
    throw internalError("resourceVersion should not be set on objects to be created");
  }
  const { strategy } = resource;
  const defaulted = strategy.defaults(resource.toStored(body));
  const managedFields = managed(defaulted, null);
  const metadata = withMember(
    createdMetadata(api, target, objectAt(defaulted, "metadata")),
    "managedFields",
    managedFields,
  );
  const prepared = strategy.prepareForCreate({ ...defaulted, metadata });
  const name = stringAt(metadata, "name");
  const causes = [...validateMetadata(prepared, strategy.validateName), ...strategy.validate(prepared, null)];
  if (causes.length > 0) throw invalid({ kind: resource.kind, group: "", name }, causes);
  const allocated = canonical(resource.storageSchema, strategy.allocate(prepared, null));
  if (api.store.get(resource.storage, namespace, name) !== null) throw alreadyExists(resource.name, name);
  if (options.dryRun) return allocated;
  const stored = api.store.put(resource.storage, namespace, name, allocated).object;
  strategy.recorded(stored, null);
  return stored;
};
