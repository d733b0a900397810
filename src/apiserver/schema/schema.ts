import type { Json } from "../json.ts";

/** How two lists are merged: whole, as a set of scalars, or item by item under the named keys. */
export type ListType =
  | { readonly kind: "atomic" }
  | { readonly kind: "set" }
  | { readonly kind: "map"; readonly keys: readonly string[] };

/** Strategic merge of a list: items are matched by this member, or (null) are scalars that are united. */
export interface ListPatch {
  readonly mergeKey: string | null;
}

export interface ObjectSchema {
  readonly kind: "object";
  /** The definition's name in OpenAPI, such as `io.k8s.api.core.v1.ServiceSpec`. */
  readonly name: string;
  readonly doc: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Merged as a whole by server-side apply, where a type is one value in parts. */
  readonly atomic?: true;
}

export interface MapSchema {
  readonly kind: "map";
  readonly values: Schema;
  readonly atomic: boolean;
}

export interface ListSchema {
  readonly kind: "list";
  readonly items: Schema;
  readonly listType: ListType;
  readonly patch: ListPatch | null;
}

export interface ScalarSchema {
  readonly kind: "string" | "boolean" | "int32" | "int64" | "time" | "microTime" | "intOrString" | "any";
}

/**
 * The shape of a type of the API. One description serves decoding, both kinds of merge, field ownership and OpenAPI.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema;

/**
 * When a member is written: `omitEmpty` drops zero values, `keepZero` (a pointer in Go) drops only null, `always` writes
 * even the zero value.
 */
export type Presence = "omitEmpty" | "keepZero" | "always";

export interface Field {
  readonly schema: Schema;
  readonly doc: string;
  readonly presence: Presence;
  readonly required: boolean;
  /** The value a list key takes where an item leaves it out. */
  readonly keyDefault?: Json;
}

export const STRING: ScalarSchema = { kind: "string" };
export const BOOLEAN: ScalarSchema = { kind: "boolean" };
export const INT32: ScalarSchema = { kind: "int32" };
export const INT64: ScalarSchema = { kind: "int64" };
export const TIME: ScalarSchema = { kind: "time" };
export const MICRO_TIME: ScalarSchema = { kind: "microTime" };
export const INT_OR_STRING: ScalarSchema = { kind: "intOrString" };
/** Anything: kept as it is. */
export const ANY: ScalarSchema = { kind: "any" };

export const object = (name: string, doc: string, fields: Readonly<Record<string, Field>>): ObjectSchema => ({
  kind: "object",
  name,
  doc,
  fields,
});
export const mapOf = (values: Schema): MapSchema => ({ kind: "map", values, atomic: false });
export const atomicMapOf = (values: Schema): MapSchema => ({ kind: "map", values, atomic: true });
export const atomicListOf = (items: Schema): ListSchema => ({
  kind: "list",
  items,
  listType: { kind: "atomic" },
  patch: null,
});
/** A set of scalars, united by a strategic merge. */
export const setOf = (items: ScalarSchema): ListSchema => ({
  kind: "list",
  items,
  listType: { kind: "set" },
  patch: { mergeKey: null },
});
export const mapListOf = (items: ObjectSchema, keys: readonly string[], mergeKey: string): ListSchema => ({
  kind: "list",
  items,
  listType: { kind: "map", keys },
  patch: { mergeKey },
});

export const field = (schema: Schema, doc: string): Field => ({ schema, doc, presence: "omitEmpty", required: false });
export const pointer = (schema: Schema, doc: string): Field => ({ ...field(schema, doc), presence: "keepZero" });
export const always = (schema: Schema, doc: string): Field => ({ ...field(schema, doc), presence: "always" });
export const required = (schema: Schema, doc: string): Field => ({ ...always(schema, doc), required: true });
