import type { Action, Location, VirtualServer } from "../routes/site.ts";
import { type Host, isWildcard } from "../routes/values/host.ts";
import { type LocationOptions, locationDirectives } from "./location.ts";
import type { SharedServer } from "./shared-servers.ts";
import type { LocationAction, LocationView, ServerView, SharedServerView } from "./site-view.ts";

/** An expression for a host. nginx's own `*.` takes any depth, Ingress's takes one label. */
const hostExpression = (host: Host): string =>
  (isWildcard(host) ? `[a-z0-9_-]+${host.slice(1)}` : host).replaceAll(".", "\\.");

const serverName = (host: Host): string => (isWildcard(host) ? `~^${hostExpression(host)}$` : host);

/** What nginx reads as one word has at most 4,096 characters, and every request for these hosts is compared with it. */
const longestHostCheck = 1000;

/**
 * The hosts of a server in as many blocks as there have to be for the expressions of each to fit one word. nginx looks at its own
 * wildcards before it looks at expressions, so no wildcard may be left to be one where another is not.
 */
const splitHosts = (hosts: readonly Host[]): readonly (readonly Host[])[] => {
  if (!hosts.some(isWildcard)) return [hosts];
  const blocks: Host[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const host of hosts) {
    const added = hostExpression(host).length + 1;
    length += added;
    if (length > longestHostCheck) {
      blocks.push([]);
      length = added;
    }
    blocks.at(-1)?.push(host);
  }
  return blocks;
};

/** What tells the hosts of a block from deeper ones, which nginx's own wildcards take too; null where there is none of these. */
const hostCheckOf = (hosts: readonly Host[]): string | null => {
  if (!hosts.some(isWildcard)) return null;
  const expressions = hosts.map(hostExpression).join("|");
  return hosts.length === 1 ? `^${expressions}$` : `^(?:${expressions})$`;
};

/** Where every other host is answered by nothing but 404, a server can answer so itself. */
export const isNotFound = (defaultServer: readonly Location[]): boolean =>
  defaultServer.every(({ action }) => action.kind === "not-found");

const locationBody = (directives: readonly string[]): string =>
  directives.length === 1
    ? `{ ${directives[0]} }`
    : `{\n${directives.map((line) => `        ${line}\n`).join("")}    }`;

const locationAction = (action: Action): LocationAction =>
  action.kind === "proxy" ? (action.behaviour.answer?.kind ?? "proxy") : action.kind;

export const locationView = (location: Location, options: LocationOptions): LocationView => {
  const { match, path, action } = location;
  const directives = locationDirectives(location, options);
  return {
    match,
    path,
    pattern: match === "exact" ? `= ${path}` : path,
    action: locationAction(action),
    upstream: action.kind === "proxy" ? action.upstream : null,
    directives,
    body: locationBody(directives),
  };
};

/**
 * A server's blocks: one, but for a server with very many wildcards.
 *
 * @param othersAreNotFound whether every host that nobody names is answered by 404, as a block can do itself
 */
export const serverViews = (
  server: VirtualServer,
  listens: readonly string[],
  options: LocationOptions,
  othersAreNotFound: boolean,
): readonly ServerView[] => {
  const locations = server.locations.map((location) => locationView(location, options));
  return (othersAreNotFound ? splitHosts(server.hosts) : [server.hosts]).map((hosts) => {
    const serverNames = hosts.map(serverName);
    const hostCheck = othersAreNotFound ? hostCheckOf(hosts) : null;
    return { hosts, serverNames, hashedNames: hostCheck === null ? serverNames : hosts, hostCheck, listens, locations };
  });
};

/** The address that a map has for the host. As a name to pass requests to, it has a connection of its own. */
const byAddress = "$hotroute_address";

const sentTo = (location: Location, name: string): Location => {
  const { action } = location;
  return action.kind === "proxy"
    ? { ...location, action: { ...action, upstream: { ...action.upstream, name } } }
    : location;
};

export const sharedServerView = (
  { name, members }: SharedServer,
  listens: readonly string[],
  options: LocationOptions,
): SharedServerView => {
  const locations = members[0]?.server.locations ?? [];
  const passing = locations.find(({ action }) => action.kind === "proxy");
  const isByHost = members[0]?.routedBy === "host";
  const again = passing === undefined ? [] : locationDirectives(sentTo(passing, byAddress), options);
  return {
    name,
    members: members.flatMap(({ server, address, upstream }) =>
      server.hosts.map((host) => ({ host, address, upstream: upstream.name })),
    ),
    routedBy: isByHost ? "$host" : byAddress,
    upstreams: members.flatMap(({ server, address, upstream: { name: upstreamName, service } }) =>
      (isByHost ? server.hosts : [address]).map((route) => ({ address, route, name: upstreamName, service })),
    ),
    serverNames: members.flatMap(({ server }) => server.hosts.map(serverName)),
    listens,
    locations: locations.map((location) => ({
      ...locationView(sentTo(location, name), options),
      // It is nobody's alone.
      upstream: null,
    })),
    again: locationBody(["if ($hotroute_is_final) { return 502; }", ...again]),
  };
};
