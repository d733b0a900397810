import type { Json, JsonObject } from "../json.ts";
import { emptyObject } from "../schema/decode.ts";
import { CORE_EVENT, EVENTS_EVENT } from "../schema/event.ts";

/** The members of a core/v1 Event and what events.k8s.io/v1 calls them. Events are kept as core/v1. */
const RENAMED: Readonly<Record<string, string>> = {
  involvedObject: "regarding",
  message: "note",
  source: "deprecatedSource",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  count: "deprecatedCount",
  reportingComponent: "reportingController",
};
const BACK: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(RENAMED).map(([a, b]) => [b, a]));

const renamed = (
  object: JsonObject,
  names: Readonly<Record<string, string>>,
  fields: readonly string[],
  empty: JsonObject,
): JsonObject => {
  const values = new Map<string, Json>(Object.entries(object).map(([key, value]) => [names[key] ?? key, value]));
  const entries = fields.flatMap((key): [string, Json][] => {
    const value = values.get(key);
    // "" is written by one version and left out by the other.
    if (value !== undefined && (value !== "" || key in empty)) return [[key, value]];
    return key in empty && key !== "metadata" ? [[key, empty[key] ?? null]] : [];
  });
  return Object.fromEntries(entries);
};

const CORE_EMPTY = emptyObject(CORE_EVENT);
const EVENTS_EMPTY = emptyObject(EVENTS_EVENT);

export const toEventsV1 = (object: JsonObject): JsonObject =>
  renamed(object, RENAMED, Object.keys(EVENTS_EVENT.fields), EVENTS_EMPTY);

export const toCoreV1 = (object: JsonObject): JsonObject =>
  renamed(object, BACK, Object.keys(CORE_EVENT.fields), CORE_EMPTY);
