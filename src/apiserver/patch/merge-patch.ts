import { isObject, type Json } from "../json.ts";

/** Applies a JSON merge patch (RFC 7386): null removes, objects are merged, anything else replaces. */
export const applyMergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch;
  const entries = new Map<string, Json>(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) entries.delete(key);
    else entries.set(key, applyMergePatch(entries.get(key), value));
  }
  return Object.fromEntries(entries);
};
