import { isObject, type JsonObject } from "../json.ts";

/**
 * A set of paths into an object, as managedFields writes it (FieldsV1): a tree of path elements `f:<name>`,
 * `k:<keys of a list item>` and `v:<value in a set>`.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export interface FieldSet {
  /** The path that ends here is in the set. */
  readonly owned: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const EMPTY_SET: FieldSet = { owned: false, children: new Map() };

export const isEmptySet = (set: FieldSet): boolean => !set.owned && set.children.size === 0;

/** Drops branches that hold nothing. */
const compact = (owned: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet => ({
  owned,
  children: new Map([...children].filter(([, child]) => !isEmptySet(child))),
});

export const union = (a: FieldSet, b: FieldSet): FieldSet => {
  const children = new Map(a.children);
  for (const [element, child] of b.children) children.set(element, union(children.get(element) ?? EMPTY_SET, child));
  return { owned: a.owned || b.owned, children };
};

/** The paths of `a` that are not in `b`. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet =>
  compact(
    a.owned && !b.owned,
    [...a.children].map(([element, child]) => [element, difference(child, b.children.get(element) ?? EMPTY_SET)]),
  );

export const intersection = (a: FieldSet, b: FieldSet): FieldSet =>
  compact(
    a.owned && b.owned,
    [...a.children].map(([element, child]) => [element, intersection(child, b.children.get(element) ?? EMPTY_SET)]),
  );

export const equalSets = (a: FieldSet, b: FieldSet): boolean =>
  isEmptySet(difference(a, b)) && isEmptySet(difference(b, a));

/** The set without a path and all below it. */
export const withoutBranch = (set: FieldSet, [first, ...rest]: readonly string[]): FieldSet => {
  if (first === undefined) return EMPTY_SET;
  const child = set.children.get(first);
  if (child === undefined) return set;
  return compact(set.owned, new Map(set.children).set(first, withoutBranch(child, rest)));
};

/** A path to one member of the set: its elements from the root. */
export type FieldPath = readonly string[];

export const pathsOf = (set: FieldSet, parent: FieldPath = []): readonly FieldPath[] => [
  ...(set.owned ? [parent] : []),
  ...[...set.children]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([element, child]) => pathsOf(child, [...parent, element])),
];

/** A path as errors show it: `.spec.ports[port=80,protocol="TCP"].name`. */
export const showPath = (path: FieldPath): string =>
  path
    .map((element) => {
      const body = element.slice(2);
      if (element.startsWith("f:")) return `.${body}`;
      if (element.startsWith("v:")) return `[=${body}]`;
      const keys: JsonObject = JSON.parse(body);
      const shown = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      return `[${shown.join(",")}]`;
    })
    .join("");

/** FieldsV1 of the set. */
export const fieldsV1Of = (set: FieldSet): JsonObject => ({
  ...(set.owned && set.children.size > 0 ? { ".": {} } : {}),
  ...Object.fromEntries(
    [...set.children].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([element, child]) => [element, fieldsV1Of(child)]),
  ),
});

const childOf = (value: JsonObject): FieldSet => {
  const inner = fieldSetFrom(value);
  const owned = "." in value || Object.keys(value).length === 0;
  return { owned, children: inner.children };
};

/** The set that FieldsV1 describes. */
export const fieldSetFrom = (fields: JsonObject): FieldSet => ({
  owned: false,
  children: new Map(
    Object.entries(fields).flatMap(([element, value]): [string, FieldSet][] =>
      element !== "." && isObject(value) ? [[element, childOf(value)]] : [],
    ),
  ),
});
