import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import { TLSSocket } from "node:tls";

/** What a request looked like to the server. */
export interface EchoedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Common name of the client's certificate; null without one. */
  readonly clientName: string | null;
  /** Counts the connections of the server from 1: equal numbers are the same connection. */
  readonly connection: number;
}

/** A server on 127.0.0.1 that answers each request with its description as JSON, or as a test tells it. */
export interface EchoServer {
  readonly url: string;
  readonly requests: readonly EchoedRequest[];
  /** Called for each request; returns true when it has answered itself. */
  onRequest: (request: EchoedRequest, response: ServerResponse) => boolean;
  stop(): Promise<void>;
}

const commonName = (socket: IncomingMessage["socket"]): string | null => {
  if (!(socket instanceof TLSSocket)) return null;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : null;
};

const readText = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
};

/** @param tls null: plain HTTP */
export const startEchoServer = async (tls: ServerOptions | null): Promise<EchoServer> => {
  const requests: EchoedRequest[] = [];
  const connections = new Map<IncomingMessage["socket"], number>();
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const known = connections.get(incoming.socket) ?? connections.size + 1;
    connections.set(incoming.socket, known);
    const request: EchoedRequest = {
      method: incoming.method ?? "",
      url: incoming.url ?? "",
      headers: incoming.headers,
      body: await readText(incoming),
      clientName: commonName(incoming.socket),
      connection: known,
    };
    requests.push(request);
    if (!server.onRequest(request, response)) response.end(JSON.stringify(request));
  };
  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    handle(incoming, response).catch(() => response.destroy());
  };
  const listener = tls === null ? createHttpServer(answer) : createHttpsServer(tls, answer);
  const port = await new Promise<number>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = listener.address();
      if (address === null || typeof address === "string") reject(new Error("the kernel gave no TCP port"));
      else resolve(address.port);
    });
  });
  const server: EchoServer = {
    url: `${tls === null ? "http" : "https"}://127.0.0.1:${port}`,
    requests,
    onRequest: () => false,
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
  return server;
};
