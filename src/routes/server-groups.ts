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
export const fingerprintOf = (locations: readonly Location[]): string =>
  locations.map(({ match, path, action }) => `${match} ${path} ${actionText(action)}`).join("\n");

/** Hosts grouped by their locations, and the servers that come of it. */
export interface ServerGroups {
  add(host: Host, fingerprint: string, locations: readonly Location[]): void;
  remove(host: Host, fingerprint: string): void;
  /** By first host; the servers of groups that did not change are those of the last time. */
  servers(): readonly VirtualServer[];
}

interface Edited {
  hosts: Host[];
  locations: readonly Location[];
}

const byFirstHost = (a: VirtualServer, b: VirtualServer): number => compareText(a.hosts[0] ?? "", b.hosts[0] ?? "");

export const createServerGroups = (): ServerGroups => {
  /** By fingerprint. */
  const groups = new Map<string, VirtualServer>();
  const edited = new Map<string, Edited>();
  let sorted: readonly VirtualServer[] = [];
  const edit = (fingerprint: string): Edited => {
    const known = edited.get(fingerprint);
    if (known !== undefined) return known;
    const group = groups.get(fingerprint);
    const begun: Edited = { hosts: group === undefined ? [] : [...group.hosts], locations: group?.locations ?? [] };
    edited.set(fingerprint, begun);
    return begun;
  };
  return {
    add: (host, fingerprint, locations) => {
      const group = edit(fingerprint);
      group.hosts.push(host);
      // The newest, since an upstream of the same name may have another address.
      group.locations = locations;
    },
    remove: (host, fingerprint) => {
      const group = edit(fingerprint);
      group.hosts.splice(group.hosts.indexOf(host), 1);
    },
    servers: () => {
      const gone: VirtualServer[] = [];
      const come: VirtualServer[] = [];
      for (const [fingerprint, group] of edited) {
        const before = groups.get(fingerprint);
        if (before !== undefined) gone.push(before);
        if (group.hosts.length === 0) {
          groups.delete(fingerprint);
          continue;
        }
        group.hosts.sort(compareText);
        groups.set(fingerprint, group);
        come.push(group);
      }
      edited.clear();
      sorted = editSorted(sorted, gone, come, byFirstHost);
      return sorted;
    },
  };
};
