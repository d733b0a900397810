import { createServer } from "node:http";

/** A backend that says who it is. */
export interface Backend {
  stop(): Promise<void>;
}

/** Listens on a Service's ClusterIP, which the test's API servers give from the loopback range. */
export const startBackend = async (name: string, address: string, port: number): Promise<Backend> => {
  const server = createServer((request, response) => {
    request.resume();
    response.end(name);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
