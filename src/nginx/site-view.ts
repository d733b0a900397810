/**
 * What a template is given: the whole configuration, free of conflicts, in the terms of nginx. Every text in it was made
 * by a typed parser: none holds a control character, and what is meant as one word is one. A field is never missing; one
 * that has nothing to say is null, false or an empty list.
 */
export interface SiteView {
  /** For `server_names_hash_*`; null where no server has a name. */
  readonly serverNamesHash: HashSizesView | null;
  /** For `map_hash_*`; null where no servers are shared. */
  readonly mapHash: HashSizesView | null;
  /** Whether an upstream speaks gRPC, so that `http2 on` is needed. */
  readonly hasGrpc: boolean;
  /** Whether nginx knows `$request_port`, the port as the client named it. */
  readonly hasRequestPort: boolean;
  /** The networks of `TRUSTED_PROXIES` (`10.0.0.0/8`). */
  readonly trustedProxies: readonly string[];
  /** The values of `HTTP_LISTEN`, as `listen` takes them (`8080`, `127.0.0.1:8080`, `[::]:8080`); at least one. */
  readonly listens: readonly string[];
  /** The directives of `ACCESS_LOG`, each whole; none where it is `off`. */
  readonly accessLog: readonly string[];
  /** What every request carries upstream: directives without their semicolon (`proxy_set_header Host $host`). */
  readonly proxyHeaders: readonly string[];
  /** The maps that routes with CORS need. */
  readonly originMaps: readonly OriginMapView[];
  /** The zones of `limit-rps` and `limit-connections`: directives of the level of `http`, each whole. */
  readonly limitZones: readonly string[];
  /** By name; exactly those that a location of `servers` or of `defaultServer` names. */
  readonly upstreams: readonly UpstreamView[];
  /** By first host; none takes a host of another. */
  readonly servers: readonly ServerView[];
  /** By name; the hosts that are not in `servers`. None where the template does not name the partial `sharedServers`. */
  readonly sharedServers: readonly SharedServerView[];
  /** Whether the access log names upstreams, so that those of shared servers need a map. */
  readonly namesShared: boolean;
  /** What requests for every other host get. */
  readonly defaultServer: { readonly locations: readonly LocationView[] };
}

/** The size of one bucket in bytes, and the most buckets there may be. */
export interface HashSizesView {
  readonly bucketSize: number;
  readonly maxSize: number;
}

/** A `map` from the request's Origin to the one that the answer allows. */
export interface OriginMapView {
  /** With its dollar sign; null: any origin is allowed, and no map of its own is needed. */
  readonly variable: string | null;
  /** The left sides, quoted; none where there is no variable. */
  readonly patterns: readonly string[];
}

/** A group of addresses that requests are sent to: one port of one Service. */
export interface UpstreamView {
  /** `service.namespace.port`, unique. */
  readonly name: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly protocol: "HTTP" | "HTTPS" | "GRPC" | "GRPCS";
  /** `address:port`, an IPv6 address in brackets; at least one. */
  readonly addresses: readonly string[];
}

/** The hosts that have the same locations. */
export interface ServerView {
  /** As the Services name them: `shop.example.com`, `*.example.com`. */
  readonly hosts: readonly string[];
  /** As `server_name` takes them: a wildcard of one label is an expression, and nginx tries one after the other. */
  readonly serverNames: readonly string[];
  /** The same as nginx finds them by a hash: its own wildcards take any depth, and `hostCheck` has to refuse what is deeper. */
  readonly hashedNames: readonly string[];
  /** The expression of `if ($host !~ "…") { return 404; }`; null where `hashedNames` are `serverNames`. */
  readonly hostCheck: string | null;
  /** As those of the whole model. */
  readonly listens: readonly string[];
  /** By path; one of them is the prefix `/`. */
  readonly locations: readonly LocationView[];
}

/** Hosts of several Services that are routed alike: they share a `server`, and an `upstream` with all their addresses. */
export interface SharedServerView {
  /** Of its upstream group; unique. */
  readonly name: string;
  /** Which address is whose, and the name of the upstream that it would have by itself: `service.namespace.port`. */
  readonly members: readonly { readonly host: string; readonly address: string; readonly upstream: string }[];
  /** The variable whose value is the route that a request takes. */
  readonly routedBy: string;
  /** Each route of the group, the address that it leads to and whose that is; an address may be there several times. */
  readonly upstreams: readonly {
    readonly address: string;
    readonly route: string;
    readonly name: string;
    readonly service: { readonly namespace: string; readonly name: string };
  }[];
  readonly serverNames: readonly string[];
  /** As those of the whole model. */
  readonly listens: readonly string[];
  /** By path; those that pass requests on name the group. */
  readonly locations: readonly LocationView[];
  /** The body of the location that asks a Service once more. */
  readonly again: string;
}

/** What a location does: passes requests on, answers itself, holds a refused route's place (503), or takes none (404). */
export type LocationAction = "proxy" | "redirect" | "maintenance" | "refused" | "not-found";

export interface LocationView {
  readonly match: "exact" | "prefix";
  /** An absolute path; that of a prefix ends with a slash. */
  readonly path: string;
  /** What stands between `location` and its brace: `= /cart`, `/cart/`. */
  readonly pattern: string;
  readonly action: LocationAction;
  /** The Service's port behind the route, also where nginx answers itself; null where there is none. */
  readonly upstream: UpstreamView | null;
  /** All that stands in the block: lines without indentation, each a whole directive or the line of a block. */
  readonly directives: readonly string[];
  /** The same as one text with its braces, as it stands in a `server` block indented by four spaces. */
  readonly body: string;
}

/** What is said before all upstreams and servers. */
export type HeadView = Omit<SiteView, "upstreams" | "sharedServers" | "defaultServer" | "servers">;

/** Makes the text of `default.conf`, without its footer, of a site. */
export interface SiteTemplate {
  /** Whether it writes `sharedServers`; where it does not, every host is in `servers`. */
  readonly sharesServers: boolean;
  /** Whether the hosts that nobody names are answered as `defaultServer` says; where not, wildcards stay expressions. */
  readonly answersOthers: boolean;
  /** @throws TemplateError where a user's own template cannot be applied to this site */
  render(view: SiteView): string;
}
