import type { Api } from "./api.ts";
import { forbiddenField, invalid } from "./invalid.ts";
import type { JsonObject } from "./json.ts";
import { integerIn, parseRevision, type Selection } from "./list.ts";
import { apiVersionOf, type Resource } from "./resources/resource.ts";
import { emptyObject } from "./schema/decode.ts";
import { ApiError } from "./status.ts";
import type { Change, Stored } from "./store.ts";

/** What a client is told: a change, a bookmark, or why the watch ends. */
export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly stored: JsonObject }
  | { readonly type: "BOOKMARK"; readonly object: JsonObject }
  | { readonly type: "ERROR"; readonly object: JsonObject };

/** Where the events of a watch go. */
export interface WatchSink {
  /** False once the client is gone or too slow: nothing more is sent. */
  readonly send: (event: WatchEvent) => boolean;
  readonly end: () => void;
}

/** What a watch's query asks for. */
export interface WatchRequest {
  /** From this revision on; null is "from now, and first tell what is there". */
  readonly revision: number | null;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean;
  /** When the server ends the watch, in milliseconds from its start. */
  readonly timeoutMs: number;
}

export interface WatchTimes {
  /** How often a watch that asked for bookmarks gets one. */
  readonly bookmarkMs: number;
  /** The shortest time after which a watch without a timeout is ended; the longest is twice that. */
  readonly minTimeoutMs: number;
}

const BOOKMARK_BEFORE_END_MS = 2_000;

const OPTIONS_SUBJECT = { kind: "ListOptions", group: "meta.k8s.io", name: "" };

const flag = (query: URLSearchParams, name: string): boolean => {
  const value = query.get(name);
  return value !== null && !["0", "false"].includes(value.toLowerCase());
};

/** The combinations that the API forbids for a watch. @throws ApiError 422 */
const checkInitialEvents = (query: URLSearchParams): void => {
  const match = query.get("resourceVersionMatch") ?? "";
  const given = query.get("sendInitialEvents") !== null;
  const causes = [];
  if (match !== "" && !given) {
    causes.push(
      forbiddenField(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ),
    );
  }
  if (given && match !== "NotOlderThan") {
    causes.push(
      forbiddenField("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
    );
  }
  if (causes.length > 0) throw invalid(OPTIONS_SUBJECT, causes);
};

/** Reads a watch's query. @throws ApiError 400, 422, 500 */
export const parseWatchRequest = (query: URLSearchParams, times: WatchTimes): WatchRequest => {
  checkInitialEvents(query);
  const seconds = integerIn(query, "timeoutSeconds") ?? 0;
  return {
    revision: parseRevision(query.get("resourceVersion") ?? "") || null,
    bookmarks: flag(query, "allowWatchBookmarks"),
    sendInitialEvents: flag(query, "sendInitialEvents"),
    timeoutMs: seconds > 0 ? seconds * 1000 : Math.ceil(times.minTimeoutMs * (1 + Math.random())),
  };
};

/** What a change means to a watcher of a part of the objects: one that leaves the selection is DELETED for it. */
export const eventOf = (change: Change, selection: Selection): WatchEvent | null => {
  const was = change.previous !== null && selection.matches(change.previous);
  const is = change.type !== "DELETED" && selection.matches(change.object);
  if (is) return { type: was ? "MODIFIED" : "ADDED", stored: change.object };
  if (!was) return null;
  if (change.type === "DELETED") return { type: "DELETED", stored: change.object };
  return { type: "DELETED", stored: atRevision(change.previous ?? {}, change.revision) };
};

const atRevision = (object: JsonObject, revision: number): JsonObject => {
  const metadata = typeof object.metadata === "object" ? object.metadata : {};
  return { ...object, metadata: { ...metadata, resourceVersion: String(revision) } };
};

/** A bookmark: an object of the kind that holds nothing but a revision. */
const bookmark = (resource: Resource, revision: number, annotations: JsonObject | null): JsonObject => ({
  kind: resource.kind,
  apiVersion: apiVersionOf(resource),
  ...emptyObject(resource.schema),
  metadata: {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(annotations === null ? {} : { annotations }),
  },
});

const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

/** The state that a watch without a revision begins with, or the history since the one it names. */
const beginning = (
  api: Api,
  resource: Resource,
  request: WatchRequest,
  selection: Selection,
): readonly WatchEvent[] => {
  const asAdded = (items: readonly Stored[]): readonly WatchEvent[] =>
    items.filter(({ object }) => selection.matches(object)).map(({ object }) => ({ type: "ADDED", stored: object }));
  if (request.sendInitialEvents) {
    const end: WatchEvent = {
      type: "BOOKMARK",
      object: bookmark(resource, api.store.revision(), INITIAL_EVENTS_END),
    };
    return [...asAdded(api.store.list(resource.storage)), ...(request.bookmarks ? [end] : [])];
  }
  if (request.revision === null) return asAdded(api.store.list(resource.storage));
  return api.store
    .changesSince(resource.storage, request.revision)
    .flatMap((change) => eventOf(change, selection) ?? []);
};

/**
 * Serves one watch until it times out, the client goes, or the sink refuses an event.
 * @returns a function that ends it
 */
export const serveWatch = (
  api: Api,
  resource: Resource,
  request: WatchRequest,
  selection: Selection,
  sink: WatchSink,
  times: WatchTimes,
): (() => void) => {
  const timers: NodeJS.Timeout[] = [];
  let stopListening = (): void => {};
  const stop = (): void => {
    stopListening();
    for (const timer of timers) clearTimeout(timer);
    sink.end();
  };
  const send = (event: WatchEvent): void => {
    if (!sink.send(event)) stop();
  };
  try {
    for (const event of beginning(api, resource, request, selection)) send(event);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A revision that history has lost is told within the stream, under status 200.
    send({ type: "ERROR", object: error.status });
    stop();
    return stop;
  }
  // Nothing can be stored between the beginning and this: all of it runs in one turn of the event loop.
  stopListening = api.store.listen(resource.storage, (change) => {
    // A revision that this server has yet to reach is waited for.
    if (request.revision !== null && change.revision <= request.revision) return;
    const event = eventOf(change, selection);
    if (event !== null) send(event);
  });
  timers.push(setTimeout(stop, request.timeoutMs));
  if (request.bookmarks) {
    const mark = (): void => send({ type: "BOOKMARK", object: bookmark(resource, api.store.revision(), null) });
    timers.push(setInterval(mark, times.bookmarkMs));
    const last = request.timeoutMs - BOOKMARK_BEFORE_END_MS;
    if (last > 0) timers.push(setTimeout(mark, last));
  }
  return stop;
};
