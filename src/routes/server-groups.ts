import { defaultBehaviour } from "./behaviour.ts";
import { compareText } from "./service.ts";
import type { Action, Location, VirtualServer } from "./site.ts";
import { editSorted } from "./sorted.ts";
import type { Host } from "./values/host.ts";

const actionText = (action: Action): string => {
  if (action.kind !== "proxy") return action.kind;
  const { upstream, behaviour, mount } = action;
  return behaviour === defaultBehaviour ? upstream.name : `${upstream.name} ${mount} ${JSON.stringify(behaviour)}`;
};

/** Locations in one text: hosts with the same text share a server. */
const fingerprintOf = (locations: readonly Location[]): string =>
  locations.map(({ match, path, action }) => `${match} ${path} ${actionText(action)}`).join("\n");

/** The hosts that share a server. */
export interface ServerGroup {
  readonly fingerprint: string;
  hosts: Host[];
  locations: readonly Location[];
  /** As it was given out last; null while there is none. */
  server: VirtualServer | null;
  isEdited: boolean;
}

/** Hosts grouped by their locations, and the servers that come of it. */
export interface ServerGroups {
  /** @returns the group that the host is in now */
  add(host: Host, locations: readonly Location[]): ServerGroup;
  remove(host: Host, group: ServerGroup): void;
  /** By first host; the servers of groups that did not change are those of the last time. */
  servers(): readonly VirtualServer[];
}

/** The order of servers, of which no two have a host in common. */
export const byFirstHost = (a: VirtualServer, b: VirtualServer): number =>
  compareText(a.hosts[0] ?? "", b.hosts[0] ?? "");

export const createServerGroups = (): ServerGroups => {
  const groups = new Map<string, ServerGroup>();
  let edited: ServerGroup[] = [];
  let sorted: readonly VirtualServer[] = [];
  const edit = (group: ServerGroup): void => {
    if (group.isEdited) return;
    group.isEdited = true;
    // Those of before are in a server that was given out.
    group.hosts = [...group.hosts];
    edited.push(group);
  };
  const begin = (fingerprint: string, locations: readonly Location[]): ServerGroup => {
    const group: ServerGroup = { fingerprint, hosts: [], locations, server: null, isEdited: true };
    groups.set(fingerprint, group);
    edited.push(group);
    return group;
  };
  return {
    add: (host, locations) => {
      const fingerprint = fingerprintOf(locations);
      const group = groups.get(fingerprint) ?? begin(fingerprint, locations);
      edit(group);
      group.hosts.push(host);
      // The newest, since an upstream of the same name may have another address.
      group.locations = locations;
      return group;
    },
    remove: (host, group) => {
      edit(group);
      group.hosts.splice(group.hosts.indexOf(host), 1);
    },
    servers: () => {
      const gone: VirtualServer[] = [];
      const come: VirtualServer[] = [];
      for (const group of edited) {
        group.isEdited = false;
        if (group.server !== null) gone.push(group.server);
        group.server = null;
        if (group.hosts.length === 0) {
          groups.delete(group.fingerprint);
          continue;
        }
        group.hosts.sort(compareText);
        group.server = { hosts: group.hosts, locations: group.locations };
        come.push(group.server);
      }
      edited = [];
      sorted = editSorted(sorted, gone, come, byFirstHost);
      return sorted;
    },
  };
};
