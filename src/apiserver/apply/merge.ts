import { isList, isObject, type Json, type JsonObject, without } from "../json.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";
import { elementOf, indexList, isLeaf } from "./elements.ts";
import type { FieldSet } from "./field-set.ts";

/** Items of both lists: shared ones in the configuration's order, the others where the live list has them. */
const mergeLists = (schema: ListSchema, live: readonly Json[], config: readonly Json[]): Json => {
  const wanted = indexList(schema, config);
  const known = indexList(schema, live);
  const shared = [...wanted.keys()].filter((element) => known.has(element));
  const merged: Json[] = [];
  const done = new Set<string>();
  const take = (element: string): void => {
    if (done.has(element)) return;
    done.add(element);
    const [mine, theirs] = [known.get(element), wanted.get(element)];
    if (theirs === undefined) merged.push(mine ?? null);
    else merged.push(mine === undefined ? theirs : merge(schema.items, mine, theirs));
  };
  let next = 0;
  for (const element of known.keys()) {
    if (!wanted.has(element)) {
      take(element);
      continue;
    }
    // Everything of the configuration up to its next shared item comes before what follows in the live list.
    const until = shared[next++];
    for (const other of wanted.keys()) {
      take(other);
      if (other === until) break;
    }
  }
  for (const element of wanted.keys()) take(element);
  return merged;
};

/** The live value with everything that a configuration sets. */
export const merge = (schema: Schema, live: Json, config: Json): Json => {
  if (isLeaf(schema)) return config;
  if (schema.kind === "list") return mergeLists(schema, isList(live) ? live : [], isList(config) ? config : []);
  if (!isObject(config)) return config;
  const result: Record<string, Json> = { ...(isObject(live) ? live : {}) };
  for (const [key, value] of Object.entries(config)) {
    const inner =
      schema.kind === "object" ? schema.fields[key]?.schema : schema.kind === "map" ? schema.values : undefined;
    if (inner === undefined) continue;
    const mine = result[key];
    result[key] = mine === undefined || mine === null ? value : merge(inner, mine, value);
  }
  return result;
};

const pruneMember = (schema: Schema, value: Json, last: FieldSet, kept: FieldSet | undefined): Json | undefined =>
  kept === undefined ? undefined : prune(schema, value, last, kept);

const pruneList = (schema: ListSchema, value: Json, last: FieldSet, kept: FieldSet): Json =>
  (isList(value) ? value : []).flatMap((item): readonly Json[] => {
    const element = elementOf(schema, item);
    const before = element === null ? undefined : last.children.get(element);
    if (element === null || before === undefined) return [item];
    const left = pruneMember(schema.items, item, before, kept.children.get(element));
    return left === undefined ? [] : [left];
  });

const pruneObject = (schema: Schema, value: JsonObject, last: FieldSet, kept: FieldSet): JsonObject => {
  let result = value;
  for (const [element, before] of last.children) {
    const key = element.slice(2);
    const member = value[key];
    const inner =
      schema.kind === "object" ? schema.fields[key]?.schema : schema.kind === "map" ? schema.values : undefined;
    if (inner === undefined || member === undefined || member === null) continue;
    const left = pruneMember(inner, member, before, kept.children.get(element));
    result = left === undefined ? without(result, key) : { ...result, [key]: left };
  }
  return result;
};

/**
 * Removes what a manager applied before and no longer does, unless someone owns it still.
 * @param last what the manager owned before
 * @param kept what all managers own now
 */
export const prune = (schema: Schema, value: Json, last: FieldSet, kept: FieldSet): Json => {
  if (isLeaf(schema)) return value;
  if (schema.kind === "list") return pruneList(schema, value, last, kept);
  return isObject(value) ? pruneObject(schema, value, last, kept) : value;
};
