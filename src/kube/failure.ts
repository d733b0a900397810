/** What was being done when access was refused, in RBAC's words: a rule with these three would allow it. */
export interface DeniedAccess {
  readonly verb: string;
  /** Plural, with its API group where it has one: `services`, `events.events.k8s.io`. */
  readonly resource: string;
  /** Null for a request over all namespaces. */
  readonly namespace: string | null;
}

/** The kinds of answer that say that the request itself, not the way to the server, was at fault. */
export type RefusalKind = "notFound" | "conflict" | "invalid";

/**
 * Why a request to the API server gave no result. Messages are one line, bounded in length, and may be logged.
 *
 * - `credentials`: no token or certificate could be had (file gone, exec plugin failed)
 * - `unauthorized` 401, `forbidden` 403, `gone` 410 (also as an ERROR event), `tooManyRequests` 429
 * - `notFound` 404, `conflict` 409 (also AlreadyExists), `invalid` any other 4xx
 * - `server` 5xx, and any status below 200 or from 300 to 399
 * - `network`: refused, reset, ended in the middle of an answer, TLS failure; `code` is Node's (`ECONNRESET`)
 * - `timeout`: no answer, or no byte of a stream, within the deadline
 * - `malformed`: not JSON, or not the shape that the Kubernetes API promises
 * - `tooLarge`: a body or a line of a stream over its cap
 * - `aborted`: the caller's signal
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and `Status` of meta/v1.
 */
export type KubeFailure =
  | { readonly kind: "credentials"; readonly message: string }
  | { readonly kind: "unauthorized"; readonly message: string }
  | { readonly kind: "forbidden"; readonly message: string; readonly denied: DeniedAccess }
  | { readonly kind: "gone"; readonly message: string }
  | { readonly kind: "tooManyRequests"; readonly message: string; readonly retryAfterMs: number | null }
  | {
      readonly kind: "server";
      readonly message: string;
      readonly status: number;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: RefusalKind; readonly message: string; readonly status: number }
  | { readonly kind: "network"; readonly message: string; readonly code: string | null }
  | { readonly kind: "timeout"; readonly message: string }
  | { readonly kind: "malformed"; readonly message: string }
  | { readonly kind: "tooLarge"; readonly message: string }
  | { readonly kind: "aborted"; readonly message: string };

export type KubeFailureKind = KubeFailure["kind"];
