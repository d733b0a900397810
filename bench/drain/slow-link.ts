import { connect, createServer, type Socket } from "node:net";

/** A TCP link to a port of 127.0.0.1 on which everything takes its time. */
export interface SlowLink {
  readonly port: number;
  stop(): void;
}

/** Passes on what comes, closings and resets included, so many milliseconds later. */
const pass = (from: Socket, to: Socket, delayMs: number): void => {
  const later = (act: () => void): void => void setTimeout(act, delayMs);
  from.on("data", (chunk) => later(() => to.writable && to.write(chunk)));
  from.on("end", () => later(() => to.end()));
  from.on("error", () => later(() => to.resetAndDestroy()));
};

/** Starts it; `delayMs` is that of one way. */
export const startSlowLink = async (targetPort: number, delayMs: number): Promise<SlowLink> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => sockets.delete(socket));
    }
    pass(client, upstream, delayMs);
    pass(upstream, client, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  return {
    port: address.port,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
