import { equalJson, isObject, type Json } from "../json.ts";
import { internalError } from "../status.ts";

/** What a list's items are matched by: a member, or (null) the scalars themselves. */
export type MergeKey = string | null;

const keyOf = (item: Json, mergeKey: MergeKey): Json | undefined =>
  mergeKey === null ? item : isObject(item) ? item[mergeKey] : undefined;

export const requireKey = (item: Json, mergeKey: string): Json => {
  const key = isObject(item) ? item[mergeKey] : undefined;
  if (key === undefined) {
    throw internalError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return key;
};

/** Where the first item with the same key is, or -1. */
export const findByKey = (items: readonly Json[], item: Json, mergeKey: MergeKey): number => {
  const key = keyOf(item, mergeKey);
  return items.findIndex((one) => equalJson(keyOf(one, mergeKey), key));
};

const sortedBy = (items: readonly Json[], order: readonly Json[], mergeKey: MergeKey): readonly Json[] =>
  items.toSorted((a, b) => findByKey(order, a, mergeKey) - findByKey(order, b, mergeKey));

/**
 * Puts a merged list in order: items that the patch names in the patch's order, the others in the live list's, and
 * these two rows together so that live neighbours stay apart as they were (strategicpatch's normalizeElementOrder).
 */
export const orderItems = (
  merged: readonly Json[],
  patchOrder: readonly Json[],
  liveOrder: readonly Json[],
  mergeKey: MergeKey,
): readonly Json[] => {
  const named = merged.filter((item) => findByKey(patchOrder, item, mergeKey) >= 0);
  const others = merged.filter((item) => findByKey(patchOrder, item, mergeKey) < 0);
  const right = [...sortedBy(named, patchOrder, mergeKey)];
  const left = [...sortedBy(others, liveOrder, mergeKey)];
  const result: Json[] = [];
  while (left.length > 0 && right.length > 0) {
    const [a, b] = [findByKey(liveOrder, left[0] ?? null, mergeKey), findByKey(liveOrder, right[0] ?? null, mergeKey)];
    const next = a >= 0 && b >= 0 && a < b ? left.shift() : right.shift();
    if (next !== undefined) result.push(next);
  }
  return [...result, ...left, ...right];
};
