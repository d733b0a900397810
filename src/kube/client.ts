import type { KubeFailure } from "./failure.ts";

/** A query; undefined values are left out. */
export type KubeQuery = Readonly<Record<string, string | undefined>>;

/** One request with a JSON answer. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From `resourcePath`. */
  readonly path: string;
  readonly query?: KubeQuery;
  /** Sent as JSON; left out when undefined. */
  readonly body?: unknown;
  /** Of the body; default `application/json` (a PATCH names its kind, as `application/merge-patch+json`). */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** The parsed JSON of a 2xx answer, or why there is none. */
export type KubeResult =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly failure: KubeFailure };

/** One line of a stream, without its newline. */
export interface StreamLine {
  readonly text: string;
  /** Monotonic time at which the line's first byte was seen, in milliseconds. */
  readonly seenAtMs: number;
}

/** A GET whose answer is lines without an end (a watch). */
export interface KubeStreamRequest {
  readonly path: string;
  readonly query?: KubeQuery;
  readonly signal: AbortSignal;
  /** Called once, when the server has answered 200. */
  readonly onOpen?: () => void;
  /** Called for each line in order, at once. A failure returned ends the stream with it. */
  readonly onLine: (line: StreamLine) => KubeFailure | undefined;
}

/** How a stream ended: by the server, in order, or by a failure. */
export type StreamEnd = { readonly ok: true } | { readonly ok: false; readonly failure: KubeFailure };

/** Bounds of the client; all have defaults. */
export interface ClientLimits {
  /** Whole request and answer; default 30,000. */
  readonly timeoutMs: number;
  /** A stream without a byte for so long is dead; default 90,000 (bookmarks come every minute). */
  readonly idleMs: number;
  /** Body of a JSON answer; default 16 MiB. */
  readonly maxBodyBytes: number;
  /** One line of a stream; default 16 MiB. */
  readonly maxLineBytes: number;
}

/** Requests to one API server over kept-alive connections. Failures are values; only what `onLine` throws is thrown. */
export interface KubeClient {
  /** One request; a 401 is tried once more with renewed credentials. */
  request(request: KubeRequest): Promise<KubeResult>;
  /** A stream of lines, until it ends. A 401 is tried once more with renewed credentials. */
  stream(request: KubeStreamRequest): Promise<StreamEnd>;
  /** Closes all connections; requests still in flight fail. */
  close(): void;
}
