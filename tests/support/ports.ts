import { createServer } from "node:net";

// Below the range that the kernel gives to outgoing connections (32768 and up): a port of those may be taken by any
// request of a test that runs beside this one, between here and the moment when it is listened on.
const firstPort = 20_000;
const portCount = 12_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });

/**
 * A TCP port on 127.0.0.1 that was free a moment ago. Another process may take it first, so a caller still has to see that
 * its own server is the one that answers.
 */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    if (await isFree(port)) return port;
  }
  throw new Error("no TCP port is free on 127.0.0.1");
};
