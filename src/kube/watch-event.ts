import { classifyAnswer } from "./classify.ts";
import type { DeniedAccess, KubeFailure } from "./failure.ts";
import { oneLine } from "./failure-text.ts";
import { jsonObject, jsonText } from "./json.ts";
import { type ObjectIdentity, readIdentity } from "./object-meta.ts";
import type { WatchEventType } from "./reflection.ts";

/** A line of a watch, understood. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export type WatchEvent =
  | {
      readonly kind: "object";
      readonly type: Extract<WatchEventType, "ADDED" | "MODIFIED" | "DELETED">;
      readonly identity: ObjectIdentity;
      readonly object: unknown;
    }
  | { readonly kind: "bookmark"; readonly resourceVersion: string }
  | { readonly kind: "error"; readonly failure: KubeFailure }
  | { readonly kind: "malformed"; readonly failure: KubeFailure };

const malformed = (message: string): WatchEvent => ({ kind: "malformed", failure: { kind: "malformed", message } });

const parseError = (status: unknown, denied: DeniedAccess): WatchEvent => {
  const code = jsonObject(status)?.code;
  const failure = classifyAnswer({
    status: typeof code === "number" ? code : 500,
    retryAfter: undefined,
    body: status,
    fallbackMessage: "an ERROR event without a message",
    denied,
  });
  return { kind: "error", failure };
};

const parseBookmark = (object: unknown): WatchEvent => {
  const resourceVersion = jsonText(jsonObject(jsonObject(object)?.metadata)?.resourceVersion);
  return resourceVersion === ""
    ? malformed("a BOOKMARK without a resourceVersion")
    : { kind: "bookmark", resourceVersion };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** @param denied what a 403 in an ERROR event would be about */
export const parseWatchEvent = (line: string, denied: DeniedAccess): WatchEvent => {
  const event = jsonObject(parseJson(line));
  if (event === null) return malformed(`a line that is no JSON object: ${oneLine(line.slice(0, 80))}`);
  const type = jsonText(event.type);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED": {
      const identity = readIdentity(event.object);
      if (identity === null) return malformed(`a ${type} event whose object has no name or no resourceVersion`);
      return { kind: "object", type, identity, object: event.object };
    }
    case "BOOKMARK":
      return parseBookmark(event.object);
    case "ERROR":
      return parseError(event.object, denied);
    default:
      return malformed(`an event of the unknown type ${oneLine(JSON.stringify(type)).slice(0, 80)}`);
  }
};
