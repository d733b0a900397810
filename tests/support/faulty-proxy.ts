import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What happens to bytes and connections from now on, also on connections that are already open.
 *
 * - `pass`: forwarded as they come
 * - `swallow`: read and dropped in both directions; connections stay open (a dead peer, as seen by the other)
 * - `delay`: forwarded `delayMs` later, in order
 * - `corrupt`: the server's bytes arrive with one bit of each flipped
 * - `refuse`: new connections are reset at once; open ones go on
 * - `cut-after`: each connection is cut once so many bytes of the server have passed since this mode was set
 */
export type ProxyMode =
  | { readonly kind: "pass" }
  | { readonly kind: "swallow" }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "corrupt" }
  | { readonly kind: "refuse" }
  | { readonly kind: "cut-after"; readonly bytes: number; readonly how: Cut };

/** How a connection is cut: RST, or FIN from the server's side. */
export type Cut = "reset" | "end";

/** A TCP proxy on 127.0.0.1 in front of one server; it works below TLS. */
export interface FaultyProxy {
  /** The server's URL with the proxy's port. */
  readonly url: string;
  /** Client connections open now. */
  readonly open: number;
  /** Client connections accepted since the start. */
  readonly accepted: number;
  setMode(mode: ProxyMode): void;
  /** Cuts every open connection. */
  cut(how: Cut): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of the server that passed since the mode was set. */
  passedBytes: number;
}

const cutPair = ({ client, server }: Pair, how: Cut): void => {
  if (how === "reset") client.resetAndDestroy();
  else client.end();
  server.destroy();
};

const flipped = (chunk: Buffer): Buffer => Buffer.from(chunk.map((byte) => byte ^ 0x10));

/** Forwards a chunk from one side to the other as the mode says. */
const forward = (mode: ProxyMode, pair: Pair, from: "client" | "server", chunk: Buffer): void => {
  const to = from === "client" ? pair.server : pair.client;
  switch (mode.kind) {
    case "swallow":
      return;
    case "delay":
      // Equal delays keep the order.
      setTimeout(() => to.writable && to.write(chunk), mode.delayMs);
      return;
    case "corrupt":
      to.write(from === "server" ? flipped(chunk) : chunk);
      return;
    case "cut-after": {
      if (from === "client") {
        to.write(chunk);
        return;
      }
      const restBytes = Math.max(mode.bytes - pair.passedBytes, 0);
      pair.passedBytes += chunk.length;
      if (chunk.length < restBytes) to.write(chunk);
      else to.write(chunk.subarray(0, restBytes), () => cutPair(pair, mode.how));
      return;
    }
    case "pass":
    case "refuse":
      to.write(chunk);
  }
};

/** A FIN takes the same way as the bytes before it. */
const forwardEnd = (mode: ProxyMode, to: Socket): void => {
  if (mode.kind === "swallow") return;
  if (mode.kind === "delay") setTimeout(() => to.end(), mode.delayMs);
  else to.end();
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the kernel gave no TCP port"));
      else resolve(address.port);
    });
  });

/** @param upstream URL of the server behind, on a loopback address */
export const startFaultyProxy = async (upstream: string): Promise<FaultyProxy> => {
  const target = new URL(upstream);
  const pairs = new Set<Pair>();
  let mode: ProxyMode = { kind: "pass" };
  let accepted = 0;
  const join = (client: Socket): void => {
    accepted += 1;
    if (mode.kind === "refuse") {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: target.hostname, port: Number(target.port) });
    const pair: Pair = { client, server, passedBytes: 0 };
    pairs.add(pair);
    client.on("data", (chunk: Buffer) => forward(mode, pair, "client", chunk));
    server.on("data", (chunk: Buffer) => forward(mode, pair, "server", chunk));
    // Errors of one side end the other; a proxy has nobody else to tell.
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    client.on("end", () => forwardEnd(mode, server));
    server.on("end", () => forwardEnd(mode, client));
    client.on("close", () => {
      pairs.delete(pair);
      server.destroy();
    });
  };
  const listener = createServer({ allowHalfOpen: true }, join);
  const port = await listen(listener);
  return {
    url: `${target.protocol}//127.0.0.1:${port}`,
    get open() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    setMode: (next) => {
      mode = next;
      for (const pair of pairs) pair.passedBytes = 0;
    },
    cut: (how) => {
      for (const pair of pairs) cutPair(pair, how);
    },
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const { client, server } of pairs) {
          client.destroy();
          server.destroy();
        }
      }),
  };
};
