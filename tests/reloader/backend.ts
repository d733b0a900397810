import { createServer, type ServerResponse } from "node:http";
import { waitFor } from "../support/wait.ts";

/** A backend whose answers begin at once and end when a test says so. */
export interface SlowBackend {
  readonly port: number;
  /** Waits for the next request that has not been ended yet, and ends its answer. */
  finish(): Promise<void>;
  /** Waits until this many answers are open. */
  waitForOpen(count: number): Promise<void>;
  close(): void;
}

/** Starts it on a free port of 127.0.0.1; its answers are "begin " and, when finished, "end". */
export const startSlowBackend = async (): Promise<SlowBackend> => {
  const open: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    response.write("begin ");
    open.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  return {
    port: address.port,
    waitForOpen: async (count) => {
      await waitFor(`${count} requests to reach the backend`, () => open.length >= count);
    },
    finish: async () => {
      const response = await waitFor("a request to reach the backend", () => open.shift());
      response.end("end");
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
