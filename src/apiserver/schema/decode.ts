import { isList, isObject, type Json, type JsonObject } from "../json.ts";
import { badRequest } from "../status.ts";
import type { Field, ListSchema, ObjectSchema, ScalarSchema, Schema } from "./schema.ts";

/** An object as the server understands it, and the paths of members that its type does not have. */
export interface Decoded {
  readonly object: JsonObject;
  readonly unknown: readonly string[];
}

interface Context {
  readonly kind: string;
  readonly version: string;
  readonly unknown: string[];
}

const wrongType = (context: Context, path: string, value: Json | undefined, expected: string): Error => {
  const got = isList(value) ? "array" : isObject(value) ? "object" : typeof value;
  return badRequest(
    `${context.kind} in version "${context.version}" cannot be handled as a ${context.kind}: json: cannot unmarshal ${got} into field ${path} of type ${expected}`,
  );
};

const MAX_INT32 = 2 ** 31;
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const formatTime = (value: string, fractionDigits: 0 | 6): string | null => {
  const match = RFC3339.exec(value);
  const time = match === null ? Number.NaN : Date.parse(value);
  // A MicroTime has exactly six digits: Go parses it by that layout.
  if (fractionDigits === 6 && match?.[1]?.length !== 7) return null;
  if (match === null || Number.isNaN(time)) return null;
  const seconds = new Date(time).toISOString().slice(0, 19);
  const fraction = (match[1] ?? ".").slice(1).padEnd(6, "0").slice(0, 6);
  return fractionDigits === 0 ? `${seconds}Z` : `${seconds}.${fraction}Z`;
};

const decodeScalar = (schema: ScalarSchema, value: Json, path: string, context: Context): Json => {
  switch (schema.kind) {
    case "string":
      if (typeof value === "string") return value;
      break;
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "int32":
      if (Number.isInteger(value) && Number(value) >= -MAX_INT32 && Number(value) < MAX_INT32) return value;
      break;
    case "int64":
      if (Number.isInteger(value)) return value;
      break;
    case "intOrString":
      if (typeof value === "string" || Number.isInteger(value)) return value;
      break;
    case "time":
    case "microTime": {
      const text = typeof value === "string" ? formatTime(value, schema.kind === "time" ? 0 : 6) : null;
      if (text !== null) return text;
      break;
    }
    case "any":
      return value;
  }
  throw wrongType(context, path, value, schema.kind);
};

const decodeList = (schema: ListSchema, value: Json, path: string, context: Context): Json => {
  if (!isList(value)) throw wrongType(context, path, value, "list");
  return value.map((item, index) => {
    const itemPath = `${path}[${index}]`;
    return item === null ? zero(schema.items) : decodeValue(schema.items, item, itemPath, context);
  });
};

const decodeValue = (schema: Schema, value: Json, path: string, context: Context): Json => {
  switch (schema.kind) {
    case "object":
      return decodeObject(schema, value, path, context);
    case "list":
      return decodeList(schema, value, path, context);
    case "map": {
      if (!isObject(value)) throw wrongType(context, path, value, "map");
      const entries = Object.entries(value).map(([key, member]): [string, Json] => [
        key,
        member === null ? zero(schema.values) : decodeValue(schema.values, member, `${path}.${key}`, context),
      ]);
      return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
    case "string":
    case "boolean":
    case "int32":
    case "int64":
    case "time":
    case "microTime":
    case "intOrString":
    case "any":
      return decodeScalar(schema, value, path, context);
  }
};

/** What Go holds where nothing was given. */
const zero = (schema: Schema): Json => {
  switch (schema.kind) {
    case "object": {
      const entries = Object.entries(schema.fields).flatMap(([key, { presence, schema: inner }]): [string, Json][] =>
        presence === "always" ? [[key, zero(inner)]] : [],
      );
      return Object.fromEntries(entries);
    }
    case "string":
      return "";
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "intOrString":
      return 0;
    case "map":
    case "list":
    case "time":
    case "microTime":
    case "any":
      return null;
  }
};

const isZero = (value: Json): boolean =>
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (isList(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/** IntOrString and metadata are structs in Go, which are written even when empty; both are never empty once decoded. */
const isWritten = (field: Field, value: Json): boolean => {
  switch (field.presence) {
    case "always":
      return true;
    case "keepZero":
      return value !== null;
    case "omitEmpty":
      return field.schema.kind === "intOrString" ? value !== null : !isZero(value);
  }
};

const decodeObject = (schema: ObjectSchema, value: Json, path: string, context: Context): JsonObject => {
  if (!isObject(value)) throw wrongType(context, path, value, schema.name.slice(schema.name.lastIndexOf(".") + 1));
  const prefix = path === "" ? "" : `${path}.`;
  const entries: [string, Json][] = [];
  for (const [key, field] of Object.entries(schema.fields)) {
    const given = Object.hasOwn(value, key) ? (value[key] ?? null) : null;
    const decoded = given === null ? null : decodeValue(field.schema, given, `${prefix}${key}`, context);
    if (decoded !== null && isWritten(field, decoded)) entries.push([key, decoded]);
    else if (field.presence === "always") entries.push([key, zero(field.schema)]);
  }
  for (const key of Object.keys(value)) if (!Object.hasOwn(schema.fields, key)) context.unknown.push(`${prefix}${key}`);
  return Object.fromEntries(entries);
};

/**
 * Reads a body as one type: members in the type's order, null and zero values left out as Go's `omitempty` does, times
 * in UTC, unknown members dropped and named.
 * @param version of the type, such as "v1" or "events.k8s.io/v1"
 * @throws ApiError 400 where a member has the wrong type
 */
export const decode = (schema: ObjectSchema, kind: string, version: string, body: Json): Decoded => {
  const context: Context = { kind, version, unknown: [] };
  return { object: decodeObject(schema, body, "", context), unknown: context.unknown };
};

/** An object that the server made, in its type's order and without zero values, as it would come from a client. */
export const canonical = (schema: ObjectSchema, object: JsonObject): JsonObject =>
  decodeObject(schema, object, "", { kind: "", version: "", unknown: [] });

/** The object that Go's `New()` makes of a type: only what is always written. */
export const emptyObject = (schema: ObjectSchema): JsonObject => {
  const value = zero(schema);
  return isObject(value) ? value : {};
};
