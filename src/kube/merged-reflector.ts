import type { Reflector, ReflectorOptions, ReflectorState } from "./reflection.ts";
import { createReflector } from "./reflector.ts";

/** The states from the one that most needs attention to the one that least does. */
const URGENCY: readonly ReflectorState["kind"][] = ["backing-off", "listing", "idle", "watching", "stopped"];

const mostUrgent = (states: readonly ReflectorState[]): ReflectorState =>
  states.toSorted((a, b) => URGENCY.indexOf(a.kind) - URGENCY.indexOf(b.kind))[0] ?? { kind: "stopped" };

/** As `ReflectorOptions`, but over several namespaces; null: all of them, with one list and watch. */
export interface NamespacedReflectorOptions<T> extends Omit<ReflectorOptions<T>, "namespace"> {
  /** Not empty; names that come twice are taken once. */
  readonly namespaces: readonly string[] | null;
}

/**
 * One reflector over several namespaces, each with a list and a watch of its own (so that a Role in each suffices). Keys
 * hold the namespace, so the parts never overlap.
 *
 * `synced` and `onSynced` mean every part. `state` is that of the part most in need of attention; `onState`, `onChange`
 * and `onAttempt` come from each part, and a relist counts that part alone (its `first` and `total`).
 */
export const createNamespacedReflector = <T>(options: NamespacedReflectorOptions<T>): Reflector<T> => {
  const { namespaces, onSynced, ...shared } = options;
  let unsynced = 0;
  const onPartSynced = (): void => {
    unsynced -= 1;
    if (unsynced === 0) onSynced?.();
  };
  const parts = (namespaces === null ? [null] : [...new Set(namespaces)]).map((namespace) =>
    createReflector<T>({ ...shared, namespace, onSynced: onPartSynced }),
  );
  if (parts.length === 0) throw new RangeError("a reflector over no namespace");
  unsynced = parts.length;
  return {
    get synced() {
      return parts.every((part) => part.synced);
    },
    get size() {
      return parts.reduce((sum, part) => sum + part.size, 0);
    },
    get state() {
      return mostUrgent(parts.map((part) => part.state));
    },
    *snapshot() {
      for (const part of parts) yield* part.snapshot();
    },
    get: (key) => {
      for (const part of parts) {
        const value = part.get(key);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    run: async () => {
      await Promise.all(parts.map((part) => part.run()));
    },
    relist: () => {
      for (const part of parts) part.relist();
    },
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
};
