import { hash } from "node:crypto";
import type { RouteBehaviour } from "../routes/behaviour.ts";
import { memoize } from "../routes/memoize.ts";
import type { Upstream } from "../routes/route.ts";
import type { Action, Location, VirtualServer } from "../routes/site.ts";
import { isWildcard } from "../routes/values/host.ts";

type ProxyAction = Extract<Action, { kind: "proxy" }>;

/** The hosts of one Service, which can share a block with those of others. */
export interface Shareable {
  readonly server: VirtualServer;
  /** The one upstream of all its locations; it has one address. */
  readonly upstream: Upstream;
  readonly address: string;
  /** By what nginx finds the address in the group: by the request's host itself, or by the address that a map has for it. */
  readonly routedBy: "host" | "address";
  /** Servers of one kind can share a block. */
  readonly kind: string;
  /** 32 bits that tell with which of its kind. */
  readonly place: number;
}

/** Source: `NGX_HTTP_UPSTREAM_SID_LEN`, the longest `route=` of an upstream's server. */
const longestRoute = 32;

/** nginx goes through all routes of a group at each request: where a Service has many hosts, one route to its address is less. */
const mostRoutes = 2;

/** Words that a `map` takes for its own, and that may be hosts. Source: ngx_http_map_module. */
const mapWords: ReadonlySet<string> = new Set(["default", "hostnames", "include", "volatile"]);

/** What makes a location of its own: what it does depends on more than the Service's address. */
const isOwn = ({ upstream, behaviour }: ProxyAction): boolean =>
  upstream.protocol !== "HTTP" ||
  behaviour.answer !== null ||
  behaviour.stripsPrefix ||
  behaviour.limitRps !== null ||
  behaviour.limitConnections !== null;

/** Nobody can choose names that all come into one place, as with a checksum. */
const placeOf = ({ name }: Upstream): number => Number.parseInt(hash("sha256", name).slice(0, 8), 16);

const kindText = ({ match, path, action }: Location): string => `${match} ${path} ${action.kind}`;
/** Most routes have one behaviour: its text is made once. */
const behaviourText = memoize((behaviour: RouteBehaviour) => ({ text: JSON.stringify(behaviour) }));

const findShareable = (server: VirtualServer): Shareable | null => {
  const { hosts, locations } = server;
  if (hosts.some((host) => isWildcard(host) || mapWords.has(host))) return null;
  const proxied = locations.map(({ action }) => action).filter((action) => action.kind === "proxy");
  const [first] = proxied;
  if (first === undefined) return null;
  const { upstream, behaviour } = first;
  const [address, ...others] = upstream.addresses;
  if (address === undefined || others.length > 0) return null;
  const areShort = hosts.every((host) => host.length <= longestRoute);
  const routedBy = areShort && hosts.length <= mostRoutes ? "host" : "address";
  if (routedBy === "address" && address.length > longestRoute) return null;
  const isSame = (action: ProxyAction): boolean =>
    action.upstream.name === upstream.name && action.behaviour === behaviour;
  if (isOwn(first) || !proxied.every(isSame)) return null;
  const kind = [routedBy, ...locations.map(kindText), behaviourText(behaviour).text].join("\n");
  return { server, upstream, address, routedBy, kind, place: placeOf(upstream) };
};

/** Whether a server can share its block, and with which; null where it needs one of its own. Looked for once. */
export const shareableOf = memoize(findShareable);
