import { equalJson, isList, isObject, type Json, type JsonObject, listAt, without } from "../json.ts";
import type { Schema } from "../schema/schema.ts";
import { badRequest, internalError } from "../status.ts";
import { findByKey, type MergeKey, orderItems, requireKey } from "./strategic-lists.ts";

const DIRECTIVE = "$patch";
const RETAIN = "$retainKeys";
const ORDER = "$setElementOrder/";
const DELETE_FROM = "$deleteFromPrimitiveList/";

const schemaOf = (schema: Schema | undefined, key: string): Schema | undefined => {
  if (schema?.kind === "object") return Object.hasOwn(schema.fields, key) ? schema.fields[key]?.schema : undefined;
  return schema?.kind === "map" ? schema.values : undefined;
};

/** How a list is merged, or undefined where a patch replaces it. */
const mergeKeyOf = (schema: Schema | undefined): MergeKey | undefined =>
  schema?.kind === "list" ? schema.patch?.mergeKey : undefined;

/** Merges a patch into an object of that type; directives are obeyed and never stored. */
const mergeObject = (live: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject => {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return without(patch, DIRECTIVE);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw internalError(`Unknown patch type found: ${JSON.stringify(directive)}`);
  }
  const entries = new Map<string, Json>(Object.entries(retained(live, patch)));
  for (const key of Object.keys(patch)) {
    if (key.startsWith(ORDER)) reorder(entries, patch, key.slice(ORDER.length), schema);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN) continue;
    if (key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) deleteFrom(entries, key.slice(DELETE_FROM.length), value);
    else if (value === null) entries.delete(key);
    // A list with a given order was merged above.
    else if (!(`${ORDER}${key}` in patch)) entries.set(key, mergeValue(entries.get(key), value, schemaOf(schema, key)));
  }
  return Object.fromEntries(entries);
};

/** `$retainKeys` clears every member that it does not name. */
const retained = (live: JsonObject, patch: JsonObject): JsonObject => {
  const keys = patch[RETAIN];
  if (keys === undefined) return live;
  if (!isList(keys)) throw badRequest(`${RETAIN} must be a list`);
  const stray = Object.keys(patch).find((key) => !key.startsWith("$") && patch[key] !== null && !keys.includes(key));
  if (stray !== undefined) throw badRequest(`invalid ${RETAIN}: ${stray} is patched but not retained`);
  return Object.fromEntries(Object.entries(live).filter(([key]) => keys.includes(key)));
};

const deleteFrom = (entries: Map<string, Json>, key: string, values: Json): void => {
  const live = entries.get(key);
  if (!isList(values)) throw badRequest(`${DELETE_FROM}${key} must be a list`);
  if (isList(live))
    entries.set(
      key,
      live.filter((item) => !values.some((value) => equalJson(item, value))),
    );
};

const reorder = (entries: Map<string, Json>, patch: JsonObject, key: string, schema: Schema | undefined): void => {
  const live = entries.get(key);
  const items = isList(live) ? live : [];
  const order = listAt(patch, `${ORDER}${key}`);
  const inner = schemaOf(schema, key);
  const mergeKey = mergeKeyOf(inner) ?? null;
  const given = patch[key];
  if (given === null) {
    entries.delete(key);
    return;
  }
  const removed = listAt(patch, `${DELETE_FROM}${key}`);
  const kept = items.filter((item) => !removed.some((value) => equalJson(item, value)));
  const merged = given === undefined ? kept : mergeValue(kept, given, inner);
  if (isList(merged) && (merged.length > 0 || live !== undefined)) {
    entries.set(key, orderItems(merged, order, items, mergeKey));
  }
};

const mergeValue = (live: Json | undefined, patch: Json, schema: Schema | undefined): Json => {
  if (isObject(patch)) return mergeObject(isObject(live) ? live : {}, patch, schema);
  const mergeKey = mergeKeyOf(schema);
  if (!isList(patch) || mergeKey === undefined) return isList(patch) ? patch.filter(isNoDirective) : patch;
  const items = isList(live) ? live : [];
  const merged = mergeKey === null ? mergeScalars(items, patch) : mergeItems(items, patch, mergeKey, schema);
  return replacesList(patch) ? merged : orderItems(merged, patch.filter(isNoDirective), items, mergeKey);
};

const directiveOf = (item: Json): Json | undefined => (isObject(item) ? item[DIRECTIVE] : undefined);
const isNoDirective = (item: Json): boolean => directiveOf(item) === undefined;
const replacesList = (patch: readonly Json[]): boolean => patch.some((item) => directiveOf(item) === "replace");

const mergeScalars = (live: readonly Json[], patch: readonly Json[]): readonly Json[] => [
  ...new Set([...live, ...patch]),
];

/** Merges items under their key; an item with a directive replaces the list, or deletes what has its key. */
const mergeItems = (
  live: readonly Json[],
  patch: readonly Json[],
  mergeKey: string,
  schema: Schema | undefined,
): readonly Json[] => {
  if (replacesList(patch)) return patch.filter(isNoDirective);
  const deleted = patch.filter((item) => directiveOf(item) === "delete");
  for (const item of deleted) requireKey(item, mergeKey);
  const merged = live.filter((item) => findByKey(deleted, item, mergeKey) < 0);
  const itemSchema = schema?.kind === "list" ? schema.items : undefined;
  for (const item of patch.filter((one) => directiveOf(one) === undefined || directiveOf(one) === "merge")) {
    requireKey(item, mergeKey);
    const place = findByKey(merged, item, mergeKey);
    const mine = merged[place];
    const base = isObject(mine) ? mine : {};
    const result = isObject(item) ? mergeObject(base, item, itemSchema) : item;
    if (place < 0) merged.push(result);
    else merged[place] = result;
  }
  return merged;
};

/**
 * Applies a strategic merge patch to an object of that type.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 * @throws ApiError 400 or 500, as a real server says it, for a directive or a list item that cannot be
 */
export const applyStrategicPatch = (live: JsonObject, patch: JsonObject, schema: Schema): JsonObject =>
  mergeObject(live, patch, schema);
