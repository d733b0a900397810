import { type ServiceRef, serviceKey } from "../routes/service.ts";
import type { LocationView, ServerView, SharedServerView, SiteTemplate, SiteView, UpstreamView } from "./site-view.ts";

// Private-use characters: no parser's value holds them, and a template passes them on as it does every text.
const open = "\u{e000}";
const close = "\u{e001}";
const marks = new RegExp(`${open}(\\d+)${close}`, "g");

/** What was rendered, and whose each of its lines is. */
export interface Trace {
  /** As it is without the trace, unless the template computes with what it is given. */
  readonly text: string;
  /** The Services that a line (from 1) was made for; empty where that is nobody, or is not known. */
  readonly ownersOf: (line: number) => readonly ServiceRef[];
}

/** Numbers the sets of Services that texts belong to. */
const createMarker = () => {
  const owners: (readonly ServiceRef[])[] = [];
  const numbers = new Map<string, number>();
  return {
    owners,
    mark: (text: string, services: readonly ServiceRef[]): string => {
      const key = services.map(serviceKey).join(" ");
      const number = numbers.get(key) ?? owners.push(services) - 1;
      numbers.set(key, number);
      return text
        .split("\n")
        .map((line) => `${open}${number}${close}${line}`)
        .join("\n");
    },
  };
};

type Mark = ReturnType<typeof createMarker>["mark"];

const markUpstream = (upstream: UpstreamView, mark: Mark): UpstreamView => ({
  ...upstream,
  name: mark(upstream.name, [upstream.service]),
  addresses: upstream.addresses.map((address) => mark(address, [upstream.service])),
});

const markLocation = (location: LocationView, mark: Mark): LocationView => {
  const { upstream } = location;
  if (upstream === null) return location;
  const owner = [upstream.service];
  return {
    ...location,
    pattern: mark(location.pattern, owner),
    upstream: markUpstream(upstream, mark),
    directives: location.directives.map((directive) => mark(directive, owner)),
    body: mark(location.body, owner),
  };
};

const markServer = (server: ServerView, mark: Mark): ServerView => {
  const services = new Map<string, ServiceRef>();
  for (const { upstream } of server.locations) {
    if (upstream !== null) services.set(serviceKey(upstream.service), upstream.service);
  }
  return {
    ...server,
    serverNames: server.serverNames.map((name) => mark(name, [...services.values()])),
    hashedNames: server.hashedNames.map((name) => mark(name, [...services.values()])),
    hostCheck: server.hostCheck === null ? null : mark(server.hostCheck, [...services.values()]),
    locations: server.locations.map((location) => markLocation(location, mark)),
  };
};

const markShared = (server: SharedServerView, mark: Mark): SharedServerView => {
  const owners = new Map(server.upstreams.map(({ name, service }) => [name, [service]]));
  const ownersOf = ({ upstream = "" }: { readonly upstream?: string } = {}) => owners.get(upstream) ?? [];
  return {
    ...server,
    members: server.members.map((member) => ({ ...member, host: mark(member.host, ownersOf(member)) })),
    upstreams: server.upstreams.map((upstream) => ({
      ...upstream,
      address: mark(upstream.address, [upstream.service]),
    })),
    serverNames: server.serverNames.map((name, index) => mark(name, ownersOf(server.members[index]))),
  };
};

const markView = (view: SiteView, mark: Mark): SiteView => ({
  ...view,
  upstreams: view.upstreams.map((upstream) => markUpstream(upstream, mark)),
  servers: view.servers.map((server) => markServer(server, mark)),
  sharedServers: view.sharedServers.map((server) => markShared(server, mark)),
  defaultServer: { locations: view.defaultServer.locations.map((location) => markLocation(location, mark)) },
});

/** The Services that the marks of a line name. */
const namedOn = (line: string, owners: readonly (readonly ServiceRef[])[]): readonly ServiceRef[] => {
  const found = new Map<string, ServiceRef>();
  for (const [, number] of line.matchAll(marks)) {
    for (const service of owners[Number(number)] ?? []) found.set(serviceKey(service), service);
  }
  return [...found.values()];
};

/**
 * Renders once more with every text marked by the Services that it is made for: the source map of a configuration, made
 * only when nginx has refused it, and true of any template. A line without a mark belongs to the Service that both the
 * lines around it name, as a template's own line in its loop over locations does.
 */
export const traceLines = (view: SiteView, template: SiteTemplate): Trace => {
  const { owners, mark } = createMarker();
  const lines = template.render(markView(view, mark)).split("\n");
  const nearest = (start: number, step: 1 | -1): readonly ServiceRef[] => {
    for (let index = start; index >= 0 && index < lines.length; index += step) {
      const found = namedOn(lines[index] ?? "", owners);
      if (found.length > 0) return found;
    }
    return [];
  };
  return {
    text: lines.join("\n").replace(marks, ""),
    ownersOf: (line) => {
      const index = line - 1;
      const own = namedOn(lines[index] ?? "", owners);
      if (own.length > 0) return own;
      const [before, after] = [nearest(index, -1), nearest(index, 1)];
      const [owner] = before;
      const isBetween =
        owner !== undefined &&
        before.length === 1 &&
        after.length === 1 &&
        after.some((service) => serviceKey(service) === serviceKey(owner));
      return isBetween ? before : [];
    },
  };
};
