import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Api } from "./api.ts";
import { bootstrap } from "./bootstrap.ts";
import { VERSION_INFO } from "./discovery.ts";
import { type Handling, handleRequest } from "./http/handler.ts";
import { createOpenApi } from "./http/openapi-handler.ts";
import { stringAt } from "./json.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { startNamespaceController } from "./namespace-controller.ts";
import { createAllocation } from "./resources/allocation.ts";
import { CORE_EVENT_RESOURCE, EVENTS_EVENT_RESOURCE } from "./resources/event.ts";
import { NAMESPACE_RESOURCE } from "./resources/namespace.ts";
import { type AddressRange, firstAddress, parseAddressRange } from "./resources/network.ts";
import { serviceResource } from "./resources/service.ts";
import { createStore } from "./store.ts";

export interface ApiServerOptions {
  /** Address to listen on. Default 127.0.0.1: nobody else can reach it. */
  readonly host?: string;
  /** Default 0: the kernel chooses. */
  readonly port?: number;
  /** IPv4 range (CIDR) that Services get their addresses from. */
  readonly serviceClusterIpRange: string;
  /** Bearer token that every request has to carry; left out, everyone may do everything. */
  readonly token?: string;
  /** PEM texts. Left out, the server speaks plain HTTP. `ca` is what clients trust; default the certificate itself. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** How many changes a watch or a paged list can be behind before it gets 410 Gone. Default 10,000. */
  readonly compactAfter?: number;
  /** Largest request body in bytes. Default 3 MiB, as kube-apiserver. */
  readonly maxBodyBytes?: number;
  /** How many bytes may wait for one slow watcher before it is cut off. Default 8 MiB. */
  readonly watchBacklogBytes?: number;
  /** How often a watch with bookmarks gets one, in milliseconds. Default 60,000. */
  readonly bookmarkMs?: number;
  /** The shortest life of a watch without timeoutSeconds, in milliseconds. Default 1,800,000. */
  readonly watchTimeoutMs?: number;
  /** The clock for timestamps, in milliseconds since the epoch. */
  readonly nowMs?: () => number;
}

/** A running API server. */
export interface ApiServer {
  /** http(s)://HOST:PORT */
  readonly url: string;
  readonly port: number;
  /** The text of a kubeconfig for it. */
  kubeconfig(): string;
  /** The revision of the last change. */
  revision(): number;
  /** Forgets the history up to a revision (default: all): older watches and page tokens get 410 Gone. */
  compact(revision?: number): void;
  /** How many watches are open. */
  watchCount(): number;
  /** Ends all watches and connections and the server. */
  stop(): Promise<void>;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const createServer = (tls: ApiServerOptions["tls"], listener: Listener): Server => {
  // Longer than a client's own idle limit, so that it is not the server that closes under a request.
  const settings = { keepAliveTimeout: 120_000, noDelay: true };
  return tls === undefined
    ? createHttpServer(settings, listener)
    : createHttpsServer({ ...settings, ...tls }, listener);
};

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });

/** The open sockets, those among them that have not come to a TLS handshake, of which the server itself knows nothing. */
const trackSockets = (server: Server): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
};

const close = (server: Server, watches: ReadonlySet<() => void>, sockets: ReadonlySet<Socket>): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    for (const stop of [...watches]) stop();
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  });

const createApi = (options: ApiServerOptions, range: AddressRange): Api => {
  const allocation = createAllocation(range);
  return {
    store: createStore(options.compactAfter ?? 10_000),
    resources: [NAMESPACE_RESOURCE, serviceResource(allocation), CORE_EVENT_RESOURCE, EVENTS_EVENT_RESOURCE],
    nowMs: options.nowMs ?? Date.now,
  };
};

/**
 * Starts an API server with Namespaces, Services and Events, held in memory: for demonstrations and tests, where it
 * stands in for kube-apiserver. It has no authorisation: whoever may speak to it may do everything.
 * @throws Error when the address cannot be listened on
 * @throws RangeError when serviceClusterIpRange is no IPv4 range
 */
export const startApiServer = async (options: ApiServerOptions): Promise<ApiServer> => {
  const host = options.host ?? "127.0.0.1";
  const range = parseAddressRange(options.serviceClusterIpRange);
  const api = createApi(options, range);
  const watches = new Set<() => void>();
  let address = "";
  const handling: Handling = {
    api,
    times: { bookmarkMs: options.bookmarkMs ?? 60_000, minTimeoutMs: options.watchTimeoutMs ?? 1_800_000 },
    maxBodyBytes: options.maxBodyBytes ?? 3 * 1024 * 1024,
    watchBacklogBytes: options.watchBacklogBytes ?? 8 * 1024 * 1024,
    watches,
    token: options.token ?? null,
    address: () => address,
    openApi: createOpenApi(api.resources, stringAt(VERSION_INFO, "gitVersion")),
  };
  const server = createServer(options.tls, (request, response) => void handleRequest(handling, request, response));
  const sockets = trackSockets(server);
  const port = await listen(server, host, options.port ?? 0);
  address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  bootstrap(api, port, firstAddress(range));
  const stopController = startNamespaceController(api, NAMESPACE_RESOURCE);
  const url = `${options.tls === undefined ? "http" : "https"}://${address}`;
  const ca = options.tls === undefined ? null : (options.tls.ca ?? options.tls.cert);
  return {
    url,
    port,
    kubeconfig: () => kubeconfig({ url, token: options.token ?? null, ca }),
    revision: api.store.revision,
    compact: api.store.compact,
    watchCount: () => watches.size,
    stop: () => {
      stopController();
      return close(server, watches, sockets);
    },
  };
};
