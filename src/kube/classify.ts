import type { DeniedAccess, KubeFailure } from "./failure.ts";
import { oneLine } from "./failure-text.ts";
import { jsonObject, jsonText } from "./json.ts";

/** A server that asks for more patience than this is asked again anyway. */
const MAX_RETRY_AFTER_MS = 300_000;

/** An answer that is not a success, from the HTTP status or from the Status object of an ERROR event. */
export interface RefusedAnswer {
  readonly status: number;
  /** The `Retry-After` header, where there is one. */
  readonly retryAfter: string | undefined;
  /** Parsed body; a meta/v1 Status where the API server itself answered. */
  readonly body: unknown;
  /** Said when the body carries no message. */
  readonly fallbackMessage: string;
  readonly denied: DeniedAccess;
}

/**
 * `Retry-After` in milliseconds: delay seconds or an HTTP date (RFC 9110, 10.2.3), at most five minutes.
 *
 * @param wallNowMs Unix time, which a date is compared with
 * @returns null when the header is missing or neither
 */
export const parseRetryAfter = (header: string | undefined, wallNowMs: number): number | null => {
  if (header === undefined) return null;
  const text = header.trim();
  const delayMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - wallNowMs;
  return Number.isNaN(delayMs) ? null : Math.min(Math.max(delayMs, 0), MAX_RETRY_AFTER_MS);
};

const retryAfterMs = (answer: RefusedAnswer): number | null => {
  const fromHeader = parseRetryAfter(answer.retryAfter, Date.now());
  if (fromHeader !== null) return fromHeader;
  const seconds = jsonObject(jsonObject(answer.body)?.details)?.retryAfterSeconds;
  return typeof seconds === "number" && seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : null;
};

/** What an unsuccessful answer means. Source: `Status` and `StatusReason` of meta/v1. */
export const classifyAnswer = (answer: RefusedAnswer): KubeFailure => {
  const { status } = answer;
  const object = jsonObject(answer.body);
  const message = oneLine(jsonText(object?.message) || answer.fallbackMessage);
  const reason = jsonText(object?.reason);
  if (status === 410 || reason === "Expired" || reason === "Gone") return { kind: "gone", message };
  if (status === 401) return { kind: "unauthorized", message };
  if (status === 403) return { kind: "forbidden", message, denied: answer.denied };
  if (status === 429) return { kind: "tooManyRequests", message, retryAfterMs: retryAfterMs(answer) };
  if (status === 404) return { kind: "notFound", message, status };
  if (status === 409) return { kind: "conflict", message, status };
  if (status >= 400 && status < 500) return { kind: "invalid", message, status };
  return { kind: "server", message, status, retryAfterMs: retryAfterMs(answer) };
};

const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/**
 * RBAC's words for a request. Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
 *
 * @param path as `resourcePath` makes it
 */
export const deniedAccess = (method: string, path: string, watch: boolean): DeniedAccess => {
  const match = /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(\/[^/]+)?$/.exec(path);
  const [, group, namespace, plural, name] = match ?? [];
  const resource = plural === undefined ? path : group === undefined ? plural : `${plural}.${group}`;
  const reading = watch ? "watch" : name === undefined ? "list" : "get";
  return {
    verb: VERBS[method] ?? reading,
    resource,
    namespace: namespace === undefined ? null : decodeURIComponent(namespace),
  };
};
