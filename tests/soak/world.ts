import type { Random } from "../apiserver/random.ts";
import { createService, deleteService, patchService } from "../support/api-servers.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";

/** Services in an API server that change at random, each with a backend on its ClusterIP that answers with its uid. */
export interface World {
  /** The host of a Service that never changes, and what it is answered with. */
  readonly anchor: { readonly host: string; readonly answer: string };
  /** Makes one change, and says which. */
  change(): Promise<string>;
  /** What every host is to be answered, by what the API server holds now. */
  wanted(): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

interface Service {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const path = "/api/v1/namespaces/default/services";
const serviceCount = 24;
// Fewer Services at a time than hosts, and not by much: some hosts are claimed twice, some by nobody.
const hosts = Array.from({ length: 20 }, (_, index) => `h${index}.soak.test`);
const anchorName = "anchor";
const anchorHost = "anchor.soak.test";

/** Values of which the route is refused, and holds its place. */
const refusedBy: Readonly<Record<string, string>> = {
  "hotroute.io/proxy-read-timeout": "soon",
  "hotroute.io/limit-rps": "many; } server { listen 1",
};
const refusingKeys = Object.keys(refusedBy);
/** Takes all that a change may have put on a Service away again. */
const noAnnotations: Readonly<Record<string, null>> = Object.fromEntries(
  [...refusingKeys, "hotroute.io/host", "hotroute.io/pth"].map((key) => [key, null]),
);

const hostOf = ({ metadata: { labels = {}, annotations = {} } }: Service): string | undefined =>
  annotations["hotroute.io/host"] ?? labels["hotroute.io/host"];
const isRefused = ({ metadata: { annotations = {} } }: Service): boolean =>
  refusingKeys.some((key) => annotations[key] !== undefined);
const isExposed = ({ metadata: { labels = {} } }: Service): boolean => labels["hotroute.io/expose"] === "true";

/** Of two Services that claim a host the older has it, then the first by name. */
const comesFirst = ({ metadata: a }: Service, { metadata: b }: Service): number =>
  Date.parse(a.creationTimestamp) - Date.parse(b.creationTimestamp) || (a.name < b.name ? -1 : 1);

const answerOf = (claims: readonly Service[]): string => {
  const [owner] = claims.filter((service) => !isRefused(service)).sort(comesFirst);
  if (owner !== undefined) return owner.metadata.uid;
  return claims.length > 0 ? "503" : "404";
};

/** @param crowd how many Services there are beside those that change, with a host each and no backend */
export const createWorld = async (
  server: TestApiServer,
  random: Random,
  port: number,
  crowd: number,
): Promise<World> => {
  const backends = new Map<string, Backend>();
  const list = async (): Promise<readonly Service[]> =>
    ((await server.request("GET", path)).json() as { readonly items: readonly Service[] }).items;
  const randomHost = (): string => hosts[random.below(hosts.length)] ?? "";
  const create = async (name: string, host: string): Promise<string> => {
    const labels = { "hotroute.io/expose": "true", "hotroute.io/host": host };
    const { clusterIP } = await createService(server, { name, labels, port });
    const { metadata } = (await server.request("GET", `${path}/${name}`)).json() as Service;
    backends.set(name, await startBackend(metadata.uid, clusterIP, port));
    return metadata.uid;
  };
  const remove = async (name: string): Promise<void> => {
    await deleteService(server, name);
    await backends.get(name)?.stop();
    backends.delete(name);
  };
  const annotate = (name: string, annotations: Readonly<Record<string, string | null>>) =>
    patchService(server, name, { metadata: { annotations } });
  const label = (name: string, labels: Readonly<Record<string, string | null>>) =>
    patchService(server, name, { metadata: { labels } });

  const alter = async (name: string): Promise<string> => {
    switch (random.below(10)) {
      case 0:
      case 1:
        await remove(name);
        return `delete ${name}`;
      case 2: {
        const key = refusingKeys[random.below(refusingKeys.length)] ?? "";
        await annotate(name, { [key]: refusedBy[key] ?? "" });
        return `refuse ${name} by ${key}`;
      }
      case 3:
        await annotate(name, { "hotroute.io/pth": "/unknown" });
        return `unknown key on ${name}`;
      case 4:
        await annotate(name, { "hotroute.io/host": "no host!" });
        return `bad host on ${name}`;
      case 5:
        await label(name, { "hotroute.io/expose": random.chance(0.5) ? null : "true" });
        return `expose ${name}, or not`;
      case 6:
      case 7:
        await annotate(name, noAnnotations);
        return `mend ${name}`;
      default: {
        const host = randomHost();
        await label(name, { "hotroute.io/host": host, "hotroute.io/expose": "true" });
        return `move ${name} to ${host}`;
      }
    }
  };
  const uid = await create(anchorName, anchorHost);
  for (let index = 0; index < crowd; index += 1) {
    const labels = { "hotroute.io/expose": "true", "hotroute.io/host": `crowd-${index}.soak.test` };
    await createService(server, { name: `crowd-${index}`, labels, port });
  }
  return {
    anchor: { host: anchorHost, answer: uid },
    change: async () => {
      const name = `s${random.below(serviceCount)}`;
      if (backends.has(name)) return alter(name);
      const host = randomHost();
      await create(name, host);
      return `create ${name} on ${host}`;
    },
    wanted: async () => {
      const claims = new Map<string, Service[]>([...hosts, anchorHost].map((host) => [host, []]));
      for (const service of (await list()).filter(isExposed)) claims.get(hostOf(service) ?? "")?.push(service);
      return new Map([...claims].map(([host, services]) => [host, answerOf(services)]));
    },
    stop: async () => {
      for (const backend of backends.values()) await backend.stop();
    },
  };
};
