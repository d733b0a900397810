import { equalJson, isList, isObject, type Json, stringAt } from "../json.ts";
import { badRequest, unprocessable } from "../status.ts";

/** As many operations as a real server takes in one patch. */
const MAX_OPERATIONS = 10_000;

/** Splits a JSON pointer (RFC 6901). */
const parsePointer = (pointer: string): readonly string[] => {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw unprocessable();
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
};

const indexUpTo = (token: string, limit: number): number => {
  const index = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : Number.NaN;
  if (!(index <= limit)) throw unprocessable();
  return index;
};

const read = (value: Json, path: readonly string[]): Json => {
  let current = value;
  for (const token of path) {
    const member: Json | undefined = isList(current)
      ? current[indexUpTo(token, current.length - 1)]
      : isObject(current) && Object.hasOwn(current, token)
        ? current[token]
        : undefined;
    if (member === undefined) throw unprocessable();
    current = member;
  }
  return current;
};

/** How an edit treats the place that a path names. */
type Edit = { readonly kind: "add" | "replace"; readonly value: Json } | { readonly kind: "remove" };

const editList = (list: readonly Json[], token: string, edit: Edit): Json => {
  if (edit.kind === "add") {
    const index = token === "-" ? list.length : indexUpTo(token, list.length);
    return list.toSpliced(index, 0, edit.value);
  }
  const index = indexUpTo(token, list.length - 1);
  return edit.kind === "remove" ? list.toSpliced(index, 1) : list.with(index, edit.value);
};

const editHere = (parent: Json, token: string, edit: Edit): Json => {
  if (isList(parent)) return editList(parent, token, edit);
  if (!isObject(parent)) throw unprocessable();
  if (edit.kind !== "add" && !Object.hasOwn(parent, token)) throw unprocessable();
  const entries = new Map<string, Json>(Object.entries(parent));
  if (edit.kind === "remove") entries.delete(token);
  else entries.set(token, edit.value);
  return Object.fromEntries(entries);
};

const editAt = (value: Json, path: readonly string[], edit: Edit): Json => {
  const [token, ...rest] = path;
  if (token === undefined) return edit.kind === "remove" ? null : edit.value;
  if (rest.length === 0) return editHere(value, token, edit);
  const inner = editAt(read(value, [token]), rest, edit);
  return editHere(value, token, { kind: "replace", value: inner });
};

const applyOperation = (document: Json, operation: Json): Json => {
  if (!isObject(operation)) throw unprocessable();
  const path = parsePointer(stringAt(operation, "path"));
  const value = operation.value ?? null;
  switch (stringAt(operation, "op")) {
    case "add":
      return editAt(document, path, { kind: "add", value });
    case "remove":
      return editAt(document, path, { kind: "remove" });
    case "replace":
      return editAt(document, path, { kind: "replace", value });
    case "test": {
      if (!equalJson(testedValue(document, path), value)) throw unprocessable();
      return document;
    }
    case "copy":
      return editAt(document, path, { kind: "add", value: read(document, parsePointer(stringAt(operation, "from"))) });
    case "move": {
      const from = parsePointer(stringAt(operation, "from"));
      const moved = read(document, from);
      return editAt(editAt(document, from, { kind: "remove" }), path, { kind: "add", value: moved });
    }
    default:
      throw unprocessable();
  }
};

/** A missing member counts as null in a test, as in the library that Kubernetes uses. */
const testedValue = (document: Json, path: readonly string[]): Json => {
  const parent = read(document, path.slice(0, -1));
  const last = path.at(-1);
  if (last !== undefined && isObject(parent) && !Object.hasOwn(parent, last)) return null;
  return read(document, path);
};

/**
 * Applies a JSON patch (RFC 6902).
 * @throws ApiError 400 where it is no list, 413 where it is too long, 422 where an operation fails
 */
export const applyJsonPatch = (document: Json, patch: Json): Json => {
  if (!isList(patch)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.length > MAX_OPERATIONS) {
    throw badRequest(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`);
  }
  return patch.reduce<Json>(applyOperation, document);
};
