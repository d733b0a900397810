import { isObject, type Json, type JsonObject, listAt, objectAt, stringAt } from "../json.ts";
import { EMPTY_SET, equalSets, type FieldSet, fieldSetFrom, fieldsV1Of, isEmptySet, union } from "./field-set.ts";

/** One entry of managedFields: who owns which fields, written in which version. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339; "" where the entry has none. */
  readonly time: string;
  readonly fields: FieldSet;
}

/** What tells managers apart; the version of an Apply is not part of it. */
export const sameManager = (a: Manager, b: Manager): boolean =>
  a.name === b.name &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === "Apply" || a.apiVersion === b.apiVersion);

const managerFrom = (entry: Json): readonly Manager[] => {
  const operation = stringAt(entry, "operation");
  if (operation !== "Apply" && operation !== "Update") return [];
  if (stringAt(entry, "fieldsType") !== "FieldsV1") return [];
  return [
    {
      name: stringAt(entry, "manager"),
      operation,
      apiVersion: stringAt(entry, "apiVersion"),
      subresource: stringAt(entry, "subresource"),
      time: stringAt(entry, "time"),
      fields: fieldSetFrom(objectAt(entry, "fieldsV1")),
    },
  ];
};

/** The managers that an object's metadata names. */
export const managersOf = (object: JsonObject | null): readonly Manager[] =>
  listAt(objectAt(object, "metadata"), "managedFields").flatMap(managerFrom);

/** True where a client resets managedFields with one empty entry. */
export const isReset = (object: JsonObject): boolean => {
  const entries = listAt(objectAt(object, "metadata"), "managedFields");
  const [first] = entries;
  return entries.length === 1 && isObject(first) && Object.keys(first).length === 0;
};

const entryOf = (manager: Manager): JsonObject => ({
  manager: manager.name,
  operation: manager.operation,
  apiVersion: manager.apiVersion,
  ...(manager.time === "" ? {} : { time: manager.time }),
  fieldsType: "FieldsV1",
  fieldsV1: fieldsV1Of(manager.fields),
  ...(manager.subresource === "" ? {} : { subresource: manager.subresource }),
});

const orderOf = (manager: Manager): string =>
  [manager.operation, manager.time, manager.name, manager.apiVersion, manager.subresource].join("\u0000");

/** managedFields of the managers, Apply first, then by time; null where nobody owns anything. */
export const managedFieldsOf = (managers: readonly Manager[]): Json => {
  const entries = capUpdates(managers.filter(({ fields }) => !isEmptySet(fields)))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .map(entryOf);
  return entries.length === 0 ? null : entries;
};

const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = "ancient-changes";

/** Keeps the list short: the oldest updates of a version are put together under one name. */
const capUpdates = (managers: readonly Manager[]): readonly Manager[] => {
  const updates = managers.filter(({ operation, subresource }) => operation === "Update" && subresource === "");
  const surplus = updates.length - MAX_UPDATE_MANAGERS;
  if (surplus <= 0) return managers;
  const oldest = updates.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)).slice(0, surplus + 1);
  const buckets = new Map<string, Manager>();
  for (const manager of oldest) {
    const fields = union(buckets.get(manager.apiVersion)?.fields ?? EMPTY_SET, manager.fields);
    buckets.set(manager.apiVersion, { ...manager, name: ANCIENT, fields });
  }
  return [...managers.filter((manager) => !oldest.includes(manager)), ...buckets.values()];
};

/** The manager among the others: replaced, added, or dropped where it owns nothing. Its time moves only with its fields. */
export const withManager = (managers: readonly Manager[], manager: Manager): readonly Manager[] => {
  const known = managers.find((one) => sameManager(one, manager));
  const unchanged =
    known !== undefined && known.apiVersion === manager.apiVersion && equalSets(known.fields, manager.fields);
  const entry = unchanged ? { ...manager, time: known.time } : manager;
  return [...managers.filter((one) => one !== known), ...(isEmptySet(manager.fields) ? [] : [entry])];
};
