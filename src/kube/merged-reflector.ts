import { type Clock, systemClock } from "./clock.ts";
import type { Reflector, ReflectorChange, ReflectorOptions, ReflectorState } from "./reflection.ts";
import { createReflector } from "./reflector.ts";
import { createRefusal, type Refusal } from "./refusal.ts";

/** The states from the one that most needs attention to the one that least does. */
const URGENCY: readonly ReflectorState["kind"][] = ["backing-off", "listing", "idle", "watching", "stopped"];

const mostUrgent = (states: readonly ReflectorState[]): ReflectorState =>
  states.toSorted((a, b) => URGENCY.indexOf(a.kind) - URGENCY.indexOf(b.kind))[0] ?? { kind: "stopped" };

/** As `ReflectorOptions`, but over several namespaces; null: all of them, with one list and watch. */
export interface NamespacedReflectorOptions<T> extends Omit<ReflectorOptions<T>, "namespace" | "onState" | "onChange"> {
  /** Not empty; names that come twice are taken once. */
  readonly namespaces: readonly string[] | null;
  /** The state of one part, and its namespace (null: all of them). */
  readonly onState?: (state: ReflectorState, namespace: string | null) => void;
  /** What changed in one part, and its namespace (null: all of them). */
  readonly onChange?: (change: ReflectorChange<T>, namespace: string | null) => void;
  /**
   * How long a namespace must have been refused (403), from its first list on, until the others are taken without it.
   * Default 3,000 ms: an API server that has just started refuses everybody for a moment.
   */
  readonly refusalGraceMs?: number;
}

/** A reflector over several namespaces. */
export interface NamespacedReflector<T> extends Reflector<T> {
  /** The namespaces of which no complete list was seen yet; null stands for all of them. */
  readonly unlisted: readonly (string | null)[];
  /** As `relist()`, of the part with this namespace (null: all of them) alone. */
  relistPart(namespace: string | null): void;
}

interface Part<T> {
  readonly namespace: string | null;
  readonly reflector: Reflector<T>;
  readonly refusal: Refusal;
}

const DEFAULT_REFUSAL_GRACE_MS = 3_000;

/**
 * One reflector over several namespaces, each with a list and a watch of its own (so that a Role in each suffices). Keys
 * hold the namespace, so the parts never overlap.
 *
 * `synced` and `onSynced` mean: a complete list of every namespace, but for those that may not be listed. One that never
 * was listed and has been refused (403) for `refusalGraceMs` is not waited for, as long as another was listed: one
 * missing Role must not take the routes of all. Whatever else fails (network, 5xx, 401) is waited for. A namespace that
 * was taken out comes in with its first list; one that was listed keeps its last state when it is refused later.
 *
 * `state` is that of the part most in need of attention; `onState`, `onChange` and `onAttempt` come from each part, also
 * before all are synced, and a relist counts that part alone (its `first` and `total`).
 */
export const createNamespacedReflector = <T>(options: NamespacedReflectorOptions<T>): NamespacedReflector<T> => {
  const { namespaces, onSynced, onState, onChange, refusalGraceMs = DEFAULT_REFUSAL_GRACE_MS, ...shared } = options;
  const clock: Clock = options.clock ?? systemClock;
  let hasSynced = false;
  const isComplete = (): boolean =>
    parts.some(({ reflector }) => reflector.synced) &&
    parts.every(({ reflector, refusal }) => reflector.synced || refusal.isSettled);
  const settle = (): void => {
    if (hasSynced || !isComplete()) return;
    hasSynced = true;
    onSynced?.();
  };
  const createPart = (namespace: string | null): Part<T> => {
    const refusal = createRefusal(clock, refusalGraceMs, settle);
    const reflector = createReflector<T>({
      ...shared,
      namespace,
      onState: (state) => {
        onState?.(state, namespace);
        if (!reflector.synced) refusal.observe(state);
      },
      onChange: (change) => onChange?.(change, namespace),
      onSynced: () => {
        refusal.end();
        settle();
      },
    });
    return { namespace, reflector, refusal };
  };
  const parts: readonly Part<T>[] = (namespaces === null ? [null] : [...new Set(namespaces)]).map(createPart);
  if (parts.length === 0) throw new RangeError("a reflector over no namespace");
  const endRefusals = (): void => {
    for (const { refusal } of parts) refusal.end();
  };
  return {
    get synced() {
      return hasSynced || isComplete();
    },
    get unlisted() {
      return parts.filter(({ reflector }) => !reflector.synced).map(({ namespace }) => namespace);
    },
    get size() {
      return parts.reduce((sum, { reflector }) => sum + reflector.size, 0);
    },
    get state() {
      return mostUrgent(parts.map(({ reflector }) => reflector.state));
    },
    *snapshot() {
      for (const { reflector } of parts) yield* reflector.snapshot();
    },
    get: (key) => {
      for (const { reflector } of parts) {
        const value = reflector.get(key);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    run: async () => {
      await Promise.all(parts.map(({ reflector }) => reflector.run()));
    },
    relist: () => {
      for (const { reflector } of parts) reflector.relist();
    },
    relistPart: (wanted) => {
      for (const { namespace, reflector } of parts) if (namespace === wanted) reflector.relist();
    },
    stop: async () => {
      endRefusals();
      await Promise.all(parts.map(({ reflector }) => reflector.stop()));
    },
  };
};
