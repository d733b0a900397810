import type { JsonObject } from "./json.ts";
import { apiVersionOf, type Resource } from "./resources/resource.ts";
import type { Store, Stored } from "./store.ts";

/** What the handlers of requests work on. */
export interface Api {
  readonly store: Store;
  readonly resources: readonly Resource[];
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** One object, or the objects of one namespace or of all ("") that a request is about. */
export interface Target {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

/** A stored object as a client of this version sees it, with kind and apiVersion. */
export const viewOf = (resource: Resource, stored: JsonObject): JsonObject => ({
  kind: resource.kind,
  apiVersion: apiVersionOf(resource),
  ...resource.fromStored(stored),
});

/** The time as the API writes it: whole seconds, UTC. */
export const timestamp = (nowMs: number): string => `${new Date(nowMs).toISOString().slice(0, 19)}Z`;

export const storedAt = (api: Api, { resource, namespace, name }: Target): Stored | null =>
  api.store.get(resource.storage, namespace, name);
