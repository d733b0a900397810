import { viewOf } from "../api.ts";
import type { JsonObject } from "../json.ts";
import { objectAt, stringAt } from "../json.ts";
import type { Resource } from "../resources/resource.ts";
import { type IncludeObject, partialObject, tableOf } from "../table.ts";
import type { WatchEvent, WatchSink } from "../watch.ts";
import type { Format } from "./accept.ts";
import { encodeView } from "./encoded.ts";
import type { Exchange } from "./exchange.ts";

/** What decides how an event is written. */
export interface WatchFormat {
  readonly resource: Resource;
  readonly format: Format;
  readonly include: IncludeObject;
  readonly nowMs: () => number;
}

const tableEvent = (watch: WatchFormat, stored: JsonObject, view: JsonObject, withDefinitions: boolean): JsonObject => {
  const metadata = { resourceVersion: stringAt(objectAt(view, "metadata"), "resourceVersion") };
  const options = { include: watch.include, nowMs: watch.nowMs(), withDefinitions };
  return tableOf(watch.resource.columns, [{ stored, view }], metadata, options);
};

/** Writes an event as one line of JSON. Only the first table of a watch carries the columns. */
const encoderFor = (watch: WatchFormat): ((event: WatchEvent) => string) => {
  let isFirst = true;
  return (event) => {
    if (event.type === "ERROR") return `{"type":"ERROR","object":${JSON.stringify(event.object)}}\n`;
    const stored = event.type === "BOOKMARK" ? event.object : event.stored;
    const view = event.type === "BOOKMARK" ? event.object : viewOf(watch.resource, event.stored);
    const withDefinitions = isFirst;
    isFirst = false;
    switch (watch.format.shape) {
      case "table":
        return `{"type":"${event.type}","object":${JSON.stringify(tableEvent(watch, stored, view, withDefinitions))}}\n`;
      case "partial":
        return `{"type":"${event.type}","object":${JSON.stringify(partialObject(view))}}\n`;
      case "object": {
        const text = event.type === "BOOKMARK" ? JSON.stringify(view) : encodeView(watch.resource, stored);
        return `{"type":"${event.type}","object":${text}}\n`;
      }
    }
  };
};

/**
 * Opens the answer of a watch. A client that reads too slowly is cut off, as its queue would grow without bound.
 * @param backlogBytes what may wait to be sent beyond the events that the watch begins with
 */
export const openWatchResponse = (
  { response }: Exchange,
  watch: WatchFormat,
  backlogBytes: number,
): WatchSink & { readonly bound: () => void } => {
  const encode = encoderFor(watch);
  let limitBytes = Number.POSITIVE_INFINITY;
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  // The client waits for the headers before it takes the watch as begun.
  response.flushHeaders();
  return {
    send: (event) => {
      if (response.destroyed || response.writableEnded) return false;
      if (response.writableLength > limitBytes) {
        response.destroy();
        return false;
      }
      response.write(encode(event));
      return true;
    },
    end: () => {
      if (!response.writableEnded) response.end();
    },
    bound: () => {
      limitBytes = response.writableLength + backlogBytes;
    },
  };
};
