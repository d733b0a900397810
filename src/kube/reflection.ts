import type { KubeClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { KubeFailure, KubeFailureKind } from "./failure.ts";
import type { KubeResource } from "./resource.ts";

/** An object as it is stored. `key` is `namespace/name` (the bare name for objects without a namespace). */
export interface StoredObject<T> {
  readonly key: string;
  readonly value: T;
}

/**
 * What a complete list changed. The store already holds the new state. `removed` and `total` let a caller hold back
 * a mass deletion: `removed` carries the values that went, `total` counts what was stored before.
 */
export interface RelistChange<T> {
  readonly kind: "relist";
  /** True for the first complete list since the start (of this reflector). */
  readonly first: boolean;
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly StoredObject<T>[];
  /** Objects stored before this list. */
  readonly total: number;
  /** Monotonic milliseconds at which the list was asked for. */
  readonly seenAtMs: number;
}

/** What a watch event changed. */
export type EventChange<T> =
  | {
      readonly kind: "added" | "updated";
      readonly key: string;
      readonly value: T;
      /** Monotonic milliseconds at which the event's first byte was seen. */
      readonly seenAtMs: number;
    }
  /** Also told of an object that was not stored, when the API server says that it is deleted. */
  | { readonly kind: "removed"; readonly key: string; readonly value: T; readonly seenAtMs: number };

export type ReflectorChange<T> = RelistChange<T> | EventChange<T>;

/** Why a list is made: the first one, a 410 or a watch that cannot be resumed, or a caller's `relist()`. */
export type ListReason = "first" | "expired" | "requested";

/**
 * The reflector's machine.
 *
 * ```
 * idle ─run→ listing ─complete→ watching ─(ends in order)→ watching
 *   listing  ─failure→ backing-off ─→ listing
 *   watching ─failure→ backing-off ─→ watching      (resumes from its resourceVersion)
 *   watching ─410, or a stream that cannot be resumed, or relist()→ listing
 *   any ─stop()→ stopped
 * ```
 */
export type ReflectorState =
  | { readonly kind: "idle" }
  | { readonly kind: "listing"; readonly reason: ListReason }
  | { readonly kind: "watching"; readonly resourceVersion: string }
  | {
      readonly kind: "backing-off";
      readonly failed: "list" | "watch";
      readonly failure: KubeFailure;
      /** Failures in a row, from 1. */
      readonly attempt: number;
      readonly delayMs: number;
    }
  | { readonly kind: "stopped" };

/** The end of one list, or of one watch connection (`ok`: complete; ended in order by the server). */
export interface ReflectorAttempt {
  readonly verb: "list" | "watch";
  readonly result: "ok" | KubeFailureKind;
}

/** The watch event types of the API; source: `WatchEvent` of meta/v1. */
export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

/** Who is told what. All are called in order, from the reflector's own loop, and must not throw. */
export interface ReflectorListeners<T> {
  /** After the store has changed. A relist is reported even when it changed nothing. */
  readonly onChange?: (change: ReflectorChange<T>) => void;
  /** Once: the first complete list is in the store (of a merged reflector: of every part). After its `onChange`. */
  readonly onSynced?: () => void;
  readonly onState?: (state: ReflectorState) => void;
  /** For `lists_total{result}` and `watches_total{result}`. */
  readonly onAttempt?: (attempt: ReflectorAttempt) => void;
  /** For `events_total{type}`; also tells that the store was current at this moment. */
  readonly onEvent?: (type: WatchEventType) => void;
}

/** Bounds and pace of a reflector; all have defaults. */
export interface ReflectorLimits {
  /** Objects a page; default 200. Halved while a page is over the client's body cap. */
  readonly pageSize: number;
  /** A watch asks the server to end it after a random time between these; default 300 to 600 s. */
  readonly minWatchSeconds: number;
  readonly maxWatchSeconds: number;
  /** The first wait after a failure is at most this; doubled for each further one. Default 200 ms. */
  readonly backoffBaseMs: number;
  /** Cap of the wait after an answer; default 30 s (client-go's). */
  readonly backoffMaxMs: number;
  /** Cap of the wait where nothing answered, so that the server's return is noticed at once; default 2 s. */
  readonly networkBackoffMaxMs: number;
}

export interface ReflectorOptions<T> extends ReflectorListeners<T> {
  readonly client: KubeClient;
  readonly resource: KubeResource;
  /** Null: all namespaces. */
  readonly namespace: string | null;
  /** As `kubectl -l`; applied by the API server, which sends DELETED when an object stops to match. */
  readonly labelSelector?: string;
  /** Takes what is to be kept of a raw object; null leaves it out (and removes what was stored of it). */
  readonly slim: (object: unknown) => T | null;
  readonly clock?: Clock;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
  readonly limits?: Partial<ReflectorLimits>;
}

/** A local copy of a part of the API server's state, kept current by list and watch. */
export interface Reflector<T> {
  /** True once a complete list was seen. It never becomes false again: the last complete state stands. */
  readonly synced: boolean;
  /** Objects stored. */
  readonly size: number;
  readonly state: ReflectorState;
  /** The stored values, live and in no order; empty until synced. Iterate it in one go, without awaiting between. */
  snapshot(): Iterable<T>;
  get(key: string): T | undefined;
  /** Begins; resolves once stopped. Rejects only when a listener or `slim` threw. Call it once. */
  run(): Promise<void>;
  /** Asks for a complete list now (to confirm a mass deletion); the watch goes on from it. */
  relist(): void;
  /** Ends at once, at any moment, and resolves when no request is left. The store stays readable. */
  stop(): Promise<void>;
}
