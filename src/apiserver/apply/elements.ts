import { isList, isObject, type Json, type JsonObject } from "../json.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";

/** A list's item under its path element. */
export type Indexed = ReadonlyMap<string, Json>;

/** The members of a list item that identify it, defaults filled in; null where one is missing. */
const keysOf = (schema: ListSchema, item: Json): JsonObject | null => {
  if (schema.listType.kind !== "map" || !isObject(item) || schema.items.kind !== "object") return null;
  const entries: [string, Json][] = [];
  for (const key of schema.listType.keys.toSorted()) {
    const value = item[key] ?? schema.items.fields[key]?.keyDefault;
    if (value === undefined) return null;
    entries.push([key, value]);
  }
  return Object.fromEntries(entries);
};

/** The path element of a list item: `k:{"port":80,"protocol":"TCP"}` or `v:"x"`. */
export const elementOf = (schema: ListSchema, item: Json): string | null => {
  if (schema.listType.kind === "set") return `v:${JSON.stringify(item)}`;
  const keys = keysOf(schema, item);
  return keys === null ? null : `k:${JSON.stringify(keys)}`;
};

/** A list's items by path element, in their order; of two with the same element the first counts. */
export const indexList = (schema: ListSchema, value: Json | undefined): Indexed => {
  const items = new Map<string, Json>();
  for (const item of isList(value) ? value : []) {
    const element = elementOf(schema, item);
    if (element !== null && !items.has(element)) items.set(element, item);
  }
  return items;
};

/** True where a value is owned and merged as a whole. */
export const isLeaf = (schema: Schema): boolean => {
  switch (schema.kind) {
    case "object":
      return schema.atomic === true;
    case "map":
      return schema.atomic;
    case "list":
      return schema.listType.kind === "atomic";
    case "string":
    case "boolean":
    case "int32":
    case "int64":
    case "time":
    case "microTime":
    case "intOrString":
    case "any":
      return true;
  }
};

/** The members of a value below which it is merged, by path element, with the schema of each. */
export const membersOf = (schema: Schema, value: Json | undefined): ReadonlyMap<string, readonly [Schema, Json]> => {
  const members = new Map<string, readonly [Schema, Json]>();
  if (schema.kind === "list") {
    for (const [element, item] of indexList(schema, value)) members.set(element, [schema.items, item]);
    return members;
  }
  for (const [key, member] of Object.entries(isObject(value) ? value : {})) {
    const inner =
      schema.kind === "object" ? schema.fields[key]?.schema : schema.kind === "map" ? schema.values : undefined;
    if (inner !== undefined) members.set(`f:${key}`, [inner, member]);
  }
  return members;
};
