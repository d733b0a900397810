import { deniedAccess } from "./classify.ts";
import type { KubeClient, StreamEnd } from "./client.ts";
import type { KubeFailure } from "./failure.ts";
import type { WatchEventType } from "./reflection.ts";
import { parseWatchEvent, type WatchEvent } from "./watch-event.ts";

/** One watch connection. */
export interface WatchRequest {
  readonly client: KubeClient;
  readonly path: string;
  readonly labelSelector: string | undefined;
  readonly resourceVersion: string;
  /** The server is asked to end the watch after so long. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onObject: (event: Extract<WatchEvent, { kind: "object" }>, seenAtMs: number) => void;
  readonly onEvent: (type: WatchEventType) => void;
}

/** How a watch ended, and from where it can be resumed. */
export interface WatchEnd {
  readonly end: StreamEnd;
  readonly resourceVersion: string;
  /** Events and bookmarks taken. */
  readonly received: number;
}

/** Watches until the connection ends; every event taken moves the resourceVersion on. */
export const watchOnce = async (request: WatchRequest): Promise<WatchEnd> => {
  const denied = deniedAccess("GET", request.path, true);
  let resourceVersion = request.resourceVersion;
  let received = 0;
  const take = (event: WatchEvent, seenAtMs: number): KubeFailure | undefined => {
    switch (event.kind) {
      case "object":
        request.onObject(event, seenAtMs);
        resourceVersion = event.identity.resourceVersion;
        received += 1;
        request.onEvent(event.type);
        return undefined;
      case "bookmark":
        resourceVersion = event.resourceVersion;
        received += 1;
        request.onEvent("BOOKMARK");
        return undefined;
      case "error":
        request.onEvent("ERROR");
        return event.failure;
      case "malformed":
        return event.failure;
    }
  };
  const end = await request.client.stream({
    path: request.path,
    query: {
      watch: "true",
      allowWatchBookmarks: "true",
      labelSelector: request.labelSelector,
      resourceVersion: request.resourceVersion,
      timeoutSeconds: String(request.timeoutSeconds),
    },
    signal: request.signal,
    onOpen: request.onOpen,
    onLine: ({ text, seenAtMs }) => take(parseWatchEvent(text, denied), seenAtMs),
  });
  return { end, resourceVersion, received };
};
