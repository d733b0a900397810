import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { KubeClient } from "../kube/client.ts";
import { createReflector } from "../kube/reflector.ts";
import { SERVICES } from "../kube/resource.ts";
import { readService, type ServiceRecord, serviceKey } from "../routes/service.ts";

/** Stand-ins for the Pods behind every Service: each answers on its ClusterIP, and says who it is. */
export interface Backends {
  /** `address:port` of those that listen. */
  readonly addresses: () => readonly string[];
  stop(): Promise<void>;
}

const greet = (name: string, request: IncomingMessage, response: ServerResponse): void => {
  request.resume();
  const shown = ["host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id"];
  const headers = shown.map((header) => `  ${header}: ${String(request.headers[header] ?? "")}\n`).join("");
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "x-backend": name });
  response.end(`I am ${name}.\nYou asked for ${request.method ?? ""} ${request.url ?? ""}\n${headers}`);
};

const listen = (name: string, host: string, port: number): Promise<Server | null> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => greet(name, request, response));
    // Not every ClusterIP is an address of this machine (a real cluster's are not), nor every port free.
    server.once("error", () => resolve(null));
    server.listen({ host, port }, () => resolve(server));
  });

const isLoopback = (address: string): boolean => address.startsWith("127.");

const wantedAddresses = (services: Iterable<ServiceRecord>): ReadonlyMap<string, string> => {
  const wanted = new Map<string, string>();
  for (const service of services) {
    if (!isLoopback(service.clusterIP)) continue;
    for (const { port, protocol } of service.ports) {
      if (protocol === "TCP") wanted.set(`${service.clusterIP}:${port}`, serviceKey(service));
    }
  }
  return wanted;
};

/** Starts a backend for each Service there is or will be whose ClusterIP is a loopback address. */
export const startBackends = async (client: KubeClient): Promise<Backends> => {
  const servers = new Map<string, { readonly name: string; readonly server: Server }>();
  let isStopped = false;
  let isAgain = false;
  let running: Promise<void> | null = null;

  const close = (address: string, server: Server): Promise<void> => {
    servers.delete(address);
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };
  const reconcile = async (): Promise<void> => {
    do {
      isAgain = false;
      const wanted = isStopped ? new Map<string, string>() : wantedAddresses(reflector.snapshot());
      for (const [address, { name, server }] of servers) {
        if (wanted.get(address) !== name) await close(address, server);
      }
      for (const [address, name] of wanted) {
        if (servers.has(address)) continue;
        const at = address.lastIndexOf(":");
        const server = await listen(name, address.slice(0, at), Number(address.slice(at + 1)));
        if (server !== null) servers.set(address, { name, server });
      }
    } while (isAgain);
    running = null;
  };
  const start = (): Promise<void> => {
    isAgain = true;
    running ??= reconcile();
    return running;
  };
  const reflector = createReflector<ServiceRecord>({
    client,
    resource: SERVICES,
    namespace: null,
    slim: (object) => readService(object, "hotroute.io/"),
    onChange: () => void start(),
  });
  void reflector.run();
  return {
    addresses: () => [...servers.keys()],
    stop: async () => {
      isStopped = true;
      await reflector.stop();
      await start();
    },
  };
};
