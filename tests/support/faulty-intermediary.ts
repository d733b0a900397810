import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TestApiServer } from "./test-apiserver.ts";

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** True for a watch. */
  readonly watch: boolean;
  readonly headers: IncomingMessage["headers"];
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/**
 * What is done instead of forwarding.
 *
 * - `answer`: this answer, without asking the server
 * - `lines`: status 200 and these lines; then the connection ends, is reset, or stays open without another byte
 * - `truncate`: the server's own answer, cut after so many bytes of its body
 */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: "lines"; readonly lines: readonly string[]; readonly ending: "end" | "reset" | "hang" }
  | { readonly kind: "truncate"; readonly bytes: number };

/** An HTTP server on 127.0.0.1, without TLS, that forwards to a real API server with that server's credentials. */
export interface FaultyIntermediary {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Asked for each request; null forwards it. Replaces the one before. */
  setFault(choose: (request: SeenRequest) => Fault | null): void;
  /** Breaks off every watch, also one that the server has not answered yet. */
  cutWatches(): void;
  stop(): Promise<void>;
}

const describeRequest = (request: IncomingMessage): SeenRequest => {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    watch: url.searchParams.get("watch") === "true",
    headers: request.headers,
    atMs: performance.now(),
  };
};

const pass = (answer: IncomingMessage, response: ServerResponse, limitBytes: number): void => {
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  // A watch may answer with nothing for a long time: the client must see the head at once.
  response.flushHeaders();
  let passedBytes = 0;
  answer.on("data", (chunk: Buffer) => {
    const rest = limitBytes - passedBytes;
    passedBytes += chunk.length;
    if (chunk.length < rest) response.write(chunk);
    else response.write(chunk.subarray(0, rest), () => response.socket?.destroy());
  });
  answer.on("end", () => response.end());
  answer.on("error", () => response.destroy());
};

const forward = (
  server: TestApiServer,
  incoming: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
): void => {
  const { host: _, connection: __, ...headers } = incoming.headers;
  const options = {
    method: incoming.method ?? "GET",
    headers: { ...headers, ...(server.token === null ? {} : { authorization: `Bearer ${server.token}` }) },
    ...(server.caPem === null ? {} : { ca: server.caPem }),
    agent: false as const,
  };
  const url = new URL(incoming.url ?? "/", server.url);
  const outgoing = url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options);
  outgoing.on("response", (answer) => pass(answer, response, limitBytes));
  outgoing.on("error", () => response.destroy());
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
};

const writeLines = (response: ServerResponse, fault: Extract<Fault, { kind: "lines" }>): void => {
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const finish = (): void => {
    switch (fault.ending) {
      case "end":
        response.end();
        return;
      case "reset":
        response.socket?.resetAndDestroy();
        return;
      case "hang":
    }
  };
  const text = fault.lines.map((line) => `${line}\n`).join("");
  if (text === "") finish();
  else response.write(text, finish);
};

const handle = (
  server: TestApiServer,
  fault: Fault | null,
  incoming: IncomingMessage,
  response: ServerResponse,
): void => {
  if (fault === null) {
    forward(server, incoming, response, Number.POSITIVE_INFINITY);
    return;
  }
  switch (fault.kind) {
    case "answer":
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(fault.body);
      return;
    case "lines":
      writeLines(response, fault);
      return;
    case "truncate":
      forward(server, incoming, response, fault.bytes);
  }
};

/** @param server the API server behind */
export const startFaultyIntermediary = async (server: TestApiServer): Promise<FaultyIntermediary> => {
  const seen: SeenRequest[] = [];
  const watches = new Set<ServerResponse>();
  let choose: (request: SeenRequest) => Fault | null = () => null;
  const listener = createServer((incoming, response) => {
    const request = describeRequest(incoming);
    seen.push(request);
    if (request.watch) {
      watches.add(response);
      response.on("close", () => watches.delete(response));
    }
    handle(server, choose(request), incoming, response);
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = listener.address();
      if (address === null || typeof address === "string") reject(new Error("the kernel gave no TCP port"));
      else resolve(address.port);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    setFault: (next) => {
      choose = next;
    },
    cutWatches: () => {
      for (const response of watches) response.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
};
