import type { JsonObject } from "../json.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import type { Cause, ResourceName } from "../status.ts";
import type { TableColumn } from "../table.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** How a write changes a resource beyond what its body says, and what it refuses. All of it is pure. */
export interface Strategy {
  /** Fills in what a body may leave out (the API's defaulting). */
  readonly defaults: (object: JsonObject) => JsonObject;
  /** What the server sets or drops on creation. */
  readonly prepareForCreate: (object: JsonObject) => JsonObject;
  /** What the server keeps from the old object, or drops, on an update. */
  readonly prepareForUpdate: (object: JsonObject, old: JsonObject) => JsonObject;
  /** Problems of the name and of everything below metadata. */
  readonly validate: (object: JsonObject, old: JsonObject | null) => readonly Cause[];
  readonly validateName: (name: string) => readonly string[];
  /**
   * Takes addresses and ports from the ranges. It does not hold them: `recorded` does, once the object is stored.
   * @throws ApiError 422 where what was asked for is taken or out of range
   */
  readonly allocate: (object: JsonObject, old: JsonObject | null) => JsonObject;
  /** Hears what was stored or (null) removed. */
  readonly recorded: (object: JsonObject | null, old: JsonObject | null) => void;
}

/** One resource of one API version: everything that the generic machinery has to know of it. */
export interface Resource {
  readonly name: ResourceName;
  readonly version: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** Subresources that read and write the same object in part. */
  readonly subresources: readonly Subresource[];
  readonly schema: ObjectSchema;
  /** The form that the objects are kept in. */
  readonly storageSchema: ObjectSchema;
  /** Where the objects are kept; two versions of one resource share it. */
  readonly storage: string;
  readonly fromStored: (object: JsonObject) => JsonObject;
  readonly toStored: (object: JsonObject) => JsonObject;
  readonly strategy: Strategy;
  /** Fields that a field selector may name, and their values. */
  readonly selectableFields: readonly string[];
  readonly fieldValue: (object: JsonObject, field: string) => string;
  readonly unsupportedField: (field: string) => string;
  readonly columns: readonly TableColumn[];
}

export interface Subresource {
  readonly name: "status" | "finalize";
  readonly verbs: readonly Verb[];
}

/** The group and version as objects write it: "v1" or "events.k8s.io/v1". */
export const apiVersionOf = (resource: Resource): string =>
  resource.name.group === "" ? resource.version : `${resource.name.group}/${resource.version}`;
