import { connect, createServer, type Socket } from "node:net";

/** What went through since the count was last taken. */
export interface ApiTraffic {
  /** `GET /api/v1/services` for each request, in order: method and path, without the query. */
  readonly requests: readonly string[];
  /** From the client, and from the server: requests, answers and their heads. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** A TCP proxy on 127.0.0.1 in front of one API server that speaks plain HTTP/1.1. */
export interface CountingProxy {
  /** The server's URL with the proxy's port. */
  readonly url: string;
  /** Gives what was counted, and begins anew. */
  take(): ApiTraffic;
  /** Gives what was counted so far. */
  peek(): ApiTraffic;
  stop(): Promise<void>;
}

// JSON escapes line breaks, so no body holds such a line.
const requestLine = /(GET|POST|PUT|PATCH|DELETE) ([^ ?]+)\S* HTTP\/1\.1\r\n/g;
const longestLine = 8192;

/** Finds request lines in a stream of chunks, also where one is cut in two. */
const createRequestReader = (onRequest: (request: string) => void): ((chunk: Buffer) => void) => {
  let rest = "";
  return (chunk) => {
    const text = rest + chunk.toString("latin1");
    let end = 0;
    for (const match of text.matchAll(requestLine)) {
      onRequest(`${match[1]} ${match[2]}`);
      end = match.index + match[0].length;
    }
    rest = text.slice(end).slice(-longestLine);
  };
};

/** @param upstream `http://127.0.0.1:PORT` */
export const startCountingProxy = async (upstream: string): Promise<CountingProxy> => {
  const target = new URL(upstream);
  const sockets = new Set<Socket>();
  let requests: string[] = [];
  let sentBytes = 0;
  let receivedBytes = 0;
  const listener = createServer((client) => {
    const server = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    client.setNoDelay(true);
    const read = createRequestReader((request) => requests.push(request));
    client.on("data", (chunk: Buffer) => {
      sentBytes += chunk.length;
      read(chunk);
    });
    server.on("data", (chunk: Buffer) => {
      receivedBytes += chunk.length;
    });
    client.pipe(server);
    server.pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = listener.address();
      if (address === null || typeof address === "string") reject(new Error("the kernel gave no TCP port"));
      else resolve(address.port);
    });
  });
  const peek = (): ApiTraffic => ({ requests: [...requests], sentBytes, receivedBytes });
  return {
    url: `http://127.0.0.1:${port}`,
    peek,
    take: () => {
      const traffic = peek();
      requests = [];
      sentBytes = 0;
      receivedBytes = 0;
      return traffic;
    },
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
