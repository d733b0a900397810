import type { RelistChange } from "./reflection.ts";

/** An object as `slim` left it, with what is needed to compare it. */
export interface Entry<T> {
  readonly value: T;
  readonly resourceVersion: string;
}

/** What a complete list changed in a store. */
export type StoreDifference<T> = Pick<RelistChange<T>, "added" | "updated" | "removed" | "total">;

/** The local copy. */
export interface Store<T> {
  readonly size: number;
  values(): Iterable<T>;
  get(key: string): T | undefined;
  /** @returns false when the key was new */
  put(key: string, entry: Entry<T>): boolean;
  /** @returns the value that went, if there was one */
  remove(key: string): T | undefined;
  /** Makes the store hold exactly these, in one step. Values whose resourceVersion did not change are kept as they are. */
  replace(entries: ReadonlyMap<string, Entry<T>>): StoreDifference<T>;
}

export const createStore = <T>(): Store<T> => {
  const stored = new Map<string, Entry<T>>();
  return {
    get size() {
      return stored.size;
    },
    *values() {
      for (const entry of stored.values()) yield entry.value;
    },
    get: (key) => stored.get(key)?.value,
    put: (key, entry) => {
      const known = stored.has(key);
      stored.set(key, entry);
      return known;
    },
    remove: (key) => {
      const value = stored.get(key)?.value;
      stored.delete(key);
      return value;
    },
    replace: (entries) => {
      const total = stored.size;
      const gone = [...stored].filter(([key]) => !entries.has(key));
      const removed = gone.map(([key, { value }]) => ({ key, value }));
      for (const { key } of removed) stored.delete(key);
      const added: string[] = [];
      const updated: string[] = [];
      for (const [key, entry] of entries) {
        const known = stored.get(key);
        if (known?.resourceVersion === entry.resourceVersion) continue;
        (known === undefined ? added : updated).push(key);
        stored.set(key, entry);
      }
      return { added, updated, removed, total };
    },
  };
};
