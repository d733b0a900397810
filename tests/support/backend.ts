import { createServer } from "node:http";
import type { Duplex } from "node:stream";

/** A backend that says who it is, and says back whatever comes over an upgraded connection. */
export interface Backend {
  stop(): Promise<void>;
}

/** Listens on a Service's ClusterIP, which the test's API servers give from the loopback range. */
export const startBackend = async (name: string, address: string, port: number): Promise<Backend> => {
  const server = createServer((request, response) => {
    request.resume();
    response.end(name);
  });
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (_request, socket: Duplex) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
};
