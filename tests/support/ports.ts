import { createServer } from "node:net";

/**
 * A TCP port on 127.0.0.1 that was free a moment ago: the kernel chose it and it was let go again. Another process may
 * take it first, so a caller still has to see that its own server is the one that answers.
 */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        server.close(() => reject(new Error("the kernel gave no TCP port")));
        return;
      }
      server.close(() => resolve(address.port));
    });
  });
