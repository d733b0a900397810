/** What a list of chunks lost and gained, element by element. */
export interface Difference<T> {
  readonly gone: Iterable<T>;
  readonly come: Iterable<T>;
}

/** Compares lists whose unchanged chunks are the very same: only those that are not are looked into. */
export const differenceOf = <T>(before: readonly (readonly T[])[], after: readonly (readonly T[])[]): Difference<T> => {
  const [known, wanted] = [new Set(before), new Set(after)];
  const left = after.filter((chunk) => !known.has(chunk));
  const count = new Map<T, number>();
  for (const chunk of before) {
    if (wanted.has(chunk)) continue;
    for (const element of chunk) count.set(element, (count.get(element) ?? 0) + 1);
  }
  if (count.size === 0) return { gone: [], come: left.flat() };
  const come: T[] = [];
  for (const chunk of left) {
    for (const element of chunk) {
      const gone = count.get(element) ?? 0;
      if (gone === 0) come.push(element);
      else if (gone === 1) count.delete(element);
      else count.set(element, gone - 1);
    }
  }
  return { gone: [...count].flatMap(([element, times]) => Array.from({ length: times }, () => element)), come };
};
