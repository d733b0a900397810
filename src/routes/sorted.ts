/** The first place from `from` on whose element is not before this one. */
const placeOf = <T>(sorted: readonly T[], element: T, from: number, compare: (a: T, b: T) => number): number => {
  let [low, high] = [from, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = sorted[middle];
    if (at !== undefined && compare(at, element) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * A sorted list without some of its elements and with others, as a new list: the elements that stay are copied, and only
 * those that come and go are compared.
 *
 * @param sorted of which no two elements compare as equal
 * @param gone elements of it
 * @param come elements that are not in it, but for those that are gone
 */
export const editSorted = <T>(
  sorted: readonly T[],
  gone: readonly T[],
  come: readonly T[],
  compare: (a: T, b: T) => number,
): readonly T[] => {
  if (gone.length === 0 && come.length === 0) return sorted;
  const coming = [...come].sort(compare);
  if (sorted.length === gone.length) return coming;
  // Of two at one place the one that goes is passed over first.
  const edits = [
    ...gone.map((element) => ({ element, isGone: true })),
    ...coming.map((element) => ({ element, isGone: false })),
  ].sort((a, b) => compare(a.element, b.element) || Number(b.isGone) - Number(a.isGone));
  const edited: T[] = [];
  let at = 0;
  const copyTo = (end: number): void => {
    for (const element of sorted.slice(at, end)) edited.push(element);
    at = end;
  };
  for (const { element, isGone } of edits) {
    copyTo(placeOf(sorted, element, at, compare));
    if (isGone) at += 1;
    else edited.push(element);
  }
  copyTo(sorted.length);
  return edited;
};
