import { type JsonObject, objectAt, stringAt, without } from "./json.ts";
import { expired } from "./status.ts";

/** One object as it is kept: in its storage form, its resourceVersion equal to `revision`. */
export interface Stored {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly object: JsonObject;
}

/** One change of one object. A deletion carries the last state, under the deletion's own revision. */
export interface Change {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: JsonObject;
  readonly previous: JsonObject | null;
}

export type ChangeListener = (change: Change) => void;

/** Objects of all resources under one counter of revisions, with a bounded history. */
export interface Store {
  /** The revision of the last change. */
  readonly revision: () => number;
  /** The oldest revision that a list or watch can still begin from. */
  readonly oldestRevision: () => number;
  readonly get: (resource: string, namespace: string, name: string) => Stored | null;
  /** All objects of a resource in the order of namespace and name, now or at a past revision. @throws ApiError 410 */
  readonly list: (resource: string, atRevision?: number) => readonly Stored[];
  /** Creates or replaces; `object` gets the new revision as its resourceVersion. */
  readonly put: (resource: string, namespace: string, name: string, object: JsonObject) => Stored;
  readonly remove: (resource: string, namespace: string, name: string) => Stored | null;
  /** The changes of a resource after a revision, oldest first. @throws ApiError 410 */
  readonly changesSince: (resource: string, revision: number) => readonly Change[];
  /** Hears every later change of a resource; returns the function that ends it. */
  readonly listen: (resource: string, listener: ChangeListener) => () => void;
  /** Forgets the history up to and including a revision (default: all of it). */
  readonly compact: (revision?: number) => void;
}

/** Namespace and name, in the order in which etcd would keep them: the separator sorts before every name character. */
const keyOf = (namespace: string, name: string): string => `${namespace}\u0000${name}`;
const byKey = (a: Stored, b: Stored): number => (keyOf(a.namespace, a.name) < keyOf(b.namespace, b.name) ? -1 : 1);

const withRevision = (object: JsonObject, revision: number): JsonObject => {
  const metadata = objectAt(object, "metadata");
  // The revision has its place behind the uid, where Kubernetes writes it.
  const entries = Object.entries(without(metadata, "resourceVersion"));
  const place = entries.findIndex(([key]) => key === "uid") + 1;
  return {
    ...object,
    metadata: Object.fromEntries(entries.toSpliced(place, 0, ["resourceVersion", String(revision)])),
  };
};

interface State {
  revision: number;
  oldest: number;
  history: Change[];
  readonly resources: Map<string, Map<string, Stored>>;
  readonly sorted: Map<string, readonly Stored[]>;
  readonly listeners: Map<string, Set<ChangeListener>>;
}

const objectsOf = (state: State, resource: string): Map<string, Stored> => {
  const found = state.resources.get(resource) ?? new Map<string, Stored>();
  state.resources.set(resource, found);
  return found;
};

const requireHistory = (state: State, revision: number): void => {
  if (revision < state.oldest) throw expired(`too old resource version: ${revision} (${state.oldest})`);
};

/** Undoes, newest first, what happened after the revision. */
const listAt = (state: State, resource: string, revision: number): readonly Stored[] => {
  requireHistory(state, revision);
  const objects = new Map(objectsOf(state, resource));
  for (const change of state.history.toReversed()) {
    if (change.revision <= revision) break;
    if (change.resource !== resource) continue;
    const { namespace, name, previous } = change;
    if (previous === null) objects.delete(keyOf(namespace, name));
    else objects.set(keyOf(namespace, name), { namespace, name, revision: revisionOf(previous), object: previous });
  }
  return [...objects.values()].sort(byKey);
};

const revisionOf = (object: JsonObject): number => Number(stringAt(objectAt(object, "metadata"), "resourceVersion"));

const listNow = (state: State, resource: string): readonly Stored[] => {
  const known = state.sorted.get(resource);
  if (known !== undefined) return known;
  const sorted = [...objectsOf(state, resource).values()].sort(byKey);
  state.sorted.set(resource, sorted);
  return sorted;
};

/** Records the change, bounds the history and tells the listeners. */
const commit = (state: State, compactAfter: number, change: Change): void => {
  state.history.push(change);
  state.sorted.delete(change.resource);
  // Cut in halves, not one by one: a shift for each change would cost the length of the history each time.
  if (state.history.length >= 2 * compactAfter) {
    const cut = state.history.splice(0, state.history.length - compactAfter);
    state.oldest = cut.at(-1)?.revision ?? state.oldest;
  }
  for (const listener of [...(state.listeners.get(change.resource) ?? [])]) listener(change);
};

const firstAfter = (history: readonly Change[], revision: number): number => {
  let [low, high] = [0, history.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((history[middle]?.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * Makes an empty store.
 * @param compactAfter how many changes a watch can be behind before it gets 410 Gone; at most twice as many are kept
 */
export const createStore = (compactAfter: number): Store => {
  const state: State = {
    revision: 1,
    oldest: 0,
    history: [],
    resources: new Map(),
    sorted: new Map(),
    listeners: new Map(),
  };
  return {
    revision: () => state.revision,
    oldestRevision: () => state.oldest,
    get: (resource, namespace, name) => objectsOf(state, resource).get(keyOf(namespace, name)) ?? null,
    list: (resource, atRevision) =>
      atRevision === undefined || atRevision >= state.revision
        ? listNow(state, resource)
        : listAt(state, resource, atRevision),
    put: (resource, namespace, name, object) => {
      const objects = objectsOf(state, resource);
      const previous = objects.get(keyOf(namespace, name))?.object ?? null;
      const revision = ++state.revision;
      const stored = { namespace, name, revision, object: withRevision(object, revision) };
      objects.set(keyOf(namespace, name), stored);
      const type = previous === null ? "ADDED" : "MODIFIED";
      commit(state, compactAfter, { revision, resource, namespace, name, type, object: stored.object, previous });
      return stored;
    },
    remove: (resource, namespace, name) => {
      const objects = objectsOf(state, resource);
      const last = objects.get(keyOf(namespace, name));
      if (last === undefined) return null;
      objects.delete(keyOf(namespace, name));
      const revision = ++state.revision;
      const object = withRevision(last.object, revision);
      const change = { revision, resource, namespace, name, type: "DELETED", object, previous: last.object } as const;
      commit(state, compactAfter, change);
      return { namespace, name, revision, object };
    },
    changesSince: (resource, revision) => {
      requireHistory(state, revision);
      const from = firstAfter(state.history, revision);
      return state.history.slice(from).filter((change) => change.resource === resource);
    },
    listen: (resource, listener) => {
      const listeners = state.listeners.get(resource) ?? new Set<ChangeListener>();
      state.listeners.set(resource, listeners.add(listener));
      return () => listeners.delete(listener);
    },
    compact: (revision = state.revision) => {
      state.oldest = Math.max(state.oldest, Math.min(revision, state.revision));
      state.history = state.history.slice(firstAfter(state.history, state.oldest));
    },
  };
};
