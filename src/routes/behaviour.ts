import type { AbsoluteUrl } from "./values/absolute-url.ts";
import type { Cidr } from "./values/cidr.ts";
import type { CorsToken, Origin } from "./values/cors.ts";
import type { Duration } from "./values/duration.ts";
import type { Header } from "./values/header.ts";
import type { Host } from "./values/host.ts";
import type { BackendProtocol } from "./values/scalar.ts";
import type { Size } from "./values/size.ts";

/** What browsers on other sites may do. Source: Fetch standard, CORS protocol. */
export interface Cors {
  /** `*` alone, or origins by name. */
  readonly origins: readonly Origin[];
  readonly methods: readonly CorsToken[];
  readonly headers: readonly CorsToken[];
  readonly allowsCredentials: boolean;
  readonly maxAgeSeconds: number;
}

/** An answer that nginx gives itself, instead of the Service. */
export type OwnAnswer =
  | { readonly kind: "redirect"; readonly status: 301 | 302; readonly url: AbsoluteUrl }
  | { readonly kind: "maintenance" };

/** How a route is served, beside where it leads. Null stands for nginx's own default. */
export interface RouteBehaviour {
  /** Null: as the port's `appProtocol` says, else HTTP. */
  readonly protocol: BackendProtocol | null;
  /** The Host header sent upstream; null: the request's. */
  readonly upstreamVhost: Host | null;
  readonly stripsPrefix: boolean;
  readonly bodySize: Size | null;
  readonly connectTimeout: Duration | null;
  readonly readTimeout: Duration | null;
  readonly sendTimeout: Duration | null;
  readonly isBuffered: boolean;
  readonly answer: OwnAnswer | null;
  readonly cors: Cors | null;
  /** Who may ask; empty: everybody. */
  readonly allow: readonly Cidr[];
  /** Who may not, before `allow` is looked at. */
  readonly deny: readonly Cidr[];
  /** Requests a second of one client. */
  readonly limitRps: number | null;
  /** Connections of one client at once. */
  readonly limitConnections: number | null;
  readonly responseHeaders: readonly Header[];
  readonly requestHeaders: readonly Header[];
}

/** A route without any of the keys that change how it is served: one object for all, so that it costs nothing. */
export const defaultBehaviour: RouteBehaviour = {
  protocol: null,
  upstreamVhost: null,
  stripsPrefix: false,
  bodySize: null,
  connectTimeout: null,
  readTimeout: null,
  sendTimeout: null,
  isBuffered: true,
  answer: null,
  cors: null,
  allow: [],
  deny: [],
  limitRps: null,
  limitConnections: null,
  responseHeaders: [],
  requestHeaders: [],
};
