import { isList, isObject, type Json, type JsonObject, without } from "../json.ts";
import type { ListSchema, ObjectSchema, Schema } from "../schema/schema.ts";
import { internalError } from "../status.ts";
import { elementOf } from "./elements.ts";
import { showPath } from "./field-set.ts";

const refuse = (path: string, why: string): Error =>
  internalError(`failed to create typed patch object: ${path}: ${why}`);

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  string: ["string"],
  time: ["string"],
  microTime: ["string"],
  boolean: ["boolean"],
  int32: ["number"],
  int64: ["number"],
  intOrString: ["string", "number"],
};

const checkList = (schema: ListSchema, value: Json, path: string): Json => {
  if (!isList(value)) throw refuse(path, `expected list, got ${JSON.stringify(value)}`);
  const seen = new Set<string>();
  return value.map((item, index) => {
    const checked = checkValue(schema.items, withKeyDefaults(schema, item), `${path}[${index}]`);
    if (schema.listType.kind === "atomic") return checked;
    const element = elementOf(schema, checked);
    if (element === null) {
      throw refuse(path, `element ${index}: associative list with keys has an element that omits key field`);
    }
    if (seen.has(element)) throw refuse(path, `duplicate entries for key ${showPath([element])}`);
    seen.add(element);
    return checked;
  });
};

const withKeyDefaults = (schema: ListSchema, item: Json): Json => {
  if (schema.listType.kind !== "map" || schema.items.kind !== "object" || !isObject(item)) return item;
  const { fields } = schema.items;
  const defaults = schema.listType.keys.flatMap((key): [string, Json][] => {
    const value = fields[key]?.keyDefault;
    return value === undefined || item[key] !== undefined ? [] : [[key, value]];
  });
  return { ...item, ...Object.fromEntries(defaults) };
};

const checkMembers = (value: Json, path: string, schemaOf: (key: string) => Schema | undefined): JsonObject => {
  if (!isObject(value)) throw refuse(path, `expected map, got ${JSON.stringify(value)}`);
  const entries = Object.entries(value).flatMap(([key, member]): [string, Json][] => {
    const inner = schemaOf(key);
    if (inner === undefined) throw refuse(`${path}.${key}`, "field not declared in schema");
    return member === null ? [] : [[key, checkValue(inner, member, `${path}.${key}`)]];
  });
  return Object.fromEntries(entries);
};

const checkValue = (schema: Schema, value: Json, path: string): Json => {
  switch (schema.kind) {
    case "object":
      return checkMembers(value, path, (key) =>
        Object.hasOwn(schema.fields, key) ? schema.fields[key]?.schema : undefined,
      );
    case "map":
      return checkMembers(value, path, () => schema.values);
    case "list":
      return checkList(schema, value, path);
    case "any":
      return value;
    case "string":
    case "boolean":
    case "int32":
    case "int64":
    case "time":
    case "microTime":
    case "intOrString":
      if ((EXPECTED[schema.kind] ?? []).includes(typeof value)) return value;
      throw refuse(path, `expected ${schema.kind}, got ${JSON.stringify(value)}`);
  }
};

/**
 * Checks an applied configuration against its type and fills in the defaults of list keys. Members that are null are
 * not set.
 * @throws ApiError 500, as a real server does, where it does not fit
 */
export const typedConfiguration = (schema: ObjectSchema, config: JsonObject): JsonObject =>
  checkMembers(without(config, "kind", "apiVersion"), "", (key) =>
    Object.hasOwn(schema.fields, key) ? schema.fields[key]?.schema : undefined,
  );
