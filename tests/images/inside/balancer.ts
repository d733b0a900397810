import { connect, createServer, type Socket } from "node:net";
import { get } from "./http.ts";

/** A place that the balancer may send connections to. */
export interface Endpoint {
  readonly port: number;
  /** Where its readiness is asked: /readyz. */
  readonly readyPort: number;
}

/** Stands for a Service and kube-proxy: new connections go, in turn, to the endpoints that are ready. */
export interface Balancer {
  readonly port: number;
  readonly add: (endpoint: Endpoint) => void;
  /** As of an endpoint whose Pod is being deleted: it gets no new connection. */
  readonly withdraw: (endpoint: Endpoint) => void;
  readonly ready: () => readonly Endpoint[];
  readonly stop: () => Promise<void>;
}

const pollMs = 50;

const join = (client: Socket, upstream: Socket): void => {
  client.pipe(upstream);
  upstream.pipe(client);
  // What one side breaks is broken for the other: nothing is tried again, so that each failure is the client's to see.
  client.on("error", () => upstream.destroy());
  upstream.on("error", () => client.resetAndDestroy());
  client.on("close", () => upstream.end());
};

/** Starts one on a free port of 127.0.0.1. */
export const startBalancer = async (): Promise<Balancer> => {
  const endpoints = new Map<Endpoint, boolean>();
  const sockets = new Set<Socket>();
  let turn = 0;
  const ready = (): readonly Endpoint[] =>
    [...endpoints].filter(([, isReady]) => isReady).map(([endpoint]) => endpoint);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const candidates = ready();
    const endpoint = candidates[turn++ % Math.max(1, candidates.length)];
    if (endpoint === undefined) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: endpoint.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    join(client, upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  const look = async (endpoint: Endpoint): Promise<void> => {
    const isReady = await get(endpoint.readyPort, "/readyz").then(
      ({ status }) => status === 200,
      () => false,
    );
    if (endpoints.has(endpoint)) endpoints.set(endpoint, isReady);
  };
  const timer = setInterval(() => void Promise.all([...endpoints.keys()].map(look)), pollMs);
  return {
    port: address.port,
    add: (endpoint) => void endpoints.set(endpoint, false),
    withdraw: (endpoint) => void endpoints.delete(endpoint),
    ready,
    stop: async () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
