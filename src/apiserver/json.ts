/** A JSON value (RFC 8259). Objects of the API are kept as such values and never changed in place. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** The member under `key`, or an empty object where there is none. */
export const objectAt = (value: Json | undefined, key: string): JsonObject => {
  const member = isObject(value) ? value[key] : undefined;
  return isObject(member) ? member : {};
};

export const listAt = (value: Json | undefined, key: string): readonly Json[] => {
  const member = isObject(value) ? value[key] : undefined;
  return isList(member) ? member : [];
};

/** The member under `key`, or "" where there is no string. */
export const stringAt = (value: Json | undefined, key: string): string => {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "string" ? member : "";
};

export const numberAt = (value: Json | undefined, key: string): number | null => {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "number" ? member : null;
};

/** The object without those keys. */
export const without = (object: JsonObject, ...keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** The object with `key` set; a null or undefined value removes it. The key keeps its place where it was there. */
export const withMember = (object: JsonObject, key: string, value: Json | undefined): JsonObject =>
  value === null || value === undefined ? without(object, key) : { ...object, [key]: value };

const equalLists = (a: readonly Json[], b: readonly Json[]): boolean =>
  a.length === b.length && a.every((item, index) => equalJson(item, b[index]));

const equalObjects = (a: JsonObject, b: JsonObject): boolean => {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
  );
};

/** Equality by value; the order of an object's members does not count. */
export const equalJson = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true;
  if (isList(a) && isList(b)) return equalLists(a, b);
  if (isObject(a) && isObject(b)) return equalObjects(a, b);
  return false;
};

/**
 * Parses JSON. A member named `__proto__` is dropped: no Kubernetes object has one, and it must never reach an assignment.
 * @throws SyntaxError
 */
export const parseJson = (text: string): Json =>
  text.includes("__proto__")
    ? JSON.parse(text, (key, value: Json) => (key === "__proto__" ? undefined : value))
    : JSON.parse(text);
