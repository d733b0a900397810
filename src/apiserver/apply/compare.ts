import { equalJson, isList, isObject, type Json } from "../json.ts";
import type { Schema } from "../schema/schema.ts";
import { isLeaf, membersOf } from "./elements.ts";
import { EMPTY_SET, type FieldSet, isEmptySet } from "./field-set.ts";

/** What changed between two objects, as sets of paths. */
export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

const UNCHANGED: Comparison = { added: EMPTY_SET, removed: EMPTY_SET, modified: EMPTY_SET };
const HERE: FieldSet = { owned: true, children: new Map() };

const isEmptyValue = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  (isList(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

const compareLeaf = (old: Json | undefined, now: Json | undefined): Comparison => {
  if (old === undefined) return { ...UNCHANGED, added: HERE };
  if (now === undefined) return { ...UNCHANGED, removed: HERE };
  return equalJson(old, now) ? UNCHANGED : { ...UNCHANGED, modified: HERE };
};

/**
 * Compares two values of one type path by path; a container that appears or vanishes is itself a path.
 * The rules are those of sigs.k8s.io/structured-merge-diff.
 */
export const compare = (schema: Schema, old: Json | undefined, now: Json | undefined): Comparison => {
  if (old === undefined && now === undefined) return UNCHANGED;
  if (isLeaf(schema) || (isEmptyValue(old) && isEmptyValue(now))) return compareLeaf(old, now);
  const [before, after] = [membersOf(schema, old), membersOf(schema, now)];
  const sets = {
    added: new Map<string, FieldSet>(),
    removed: new Map<string, FieldSet>(),
    modified: new Map<string, FieldSet>(),
  };
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const inner = after.get(element)?.[0] ?? before.get(element)?.[0];
    if (inner === undefined) continue;
    const change = compare(inner, before.get(element)?.[1], after.get(element)?.[1]);
    for (const kind of ["added", "removed", "modified"] as const) {
      if (!isEmptySet(change[kind])) sets[kind].set(element, change[kind]);
    }
  }
  return {
    added: { owned: old === undefined, children: sets.added },
    removed: { owned: now === undefined, children: sets.removed },
    modified: { owned: false, children: sets.modified },
  };
};

/** The paths that a value sets: what an applied configuration owns. */
export const fieldSetOf = (schema: Schema, value: Json): FieldSet => {
  if (isLeaf(schema)) return HERE;
  if (schema.kind !== "list" && isEmptyValue(value)) return HERE;
  const children = [...membersOf(schema, value)].map(([element, [inner, member]]): [string, FieldSet] => {
    const below = fieldSetOf(inner, member);
    // An item of a list is a member itself, beside what it holds.
    return [element, schema.kind === "list" ? { ...below, owned: true } : below];
  });
  return { owned: false, children: new Map(children.filter(([, child]) => !isEmptySet(child))) };
};
