import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";

/** A backend that answers with the digest of what it was sent, and says back whatever comes over an upgraded connection. */
export interface LoadBackend {
  readonly port: number;
  /** How many whole requests reached it, upgrades not counted. */
  requests(): number;
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1. */
export const startLoadBackend = async (): Promise<LoadBackend> => {
  let count = 0;
  const server = createServer((request, response) => {
    const digest = createHash("sha256");
    request.on("data", (chunk: Buffer) => digest.update(chunk));
    request.on("end", () => {
      count += 1;
      response.end(digest.digest("hex"));
    });
    request.on("error", () => response.destroy());
  });
  // nginx closes its connections to it; a backend that closes first is another subject.
  server.keepAliveTimeout = 0;
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (_request, socket: Duplex) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  return {
    port: address.port,
    requests: () => count,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
};
