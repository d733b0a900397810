// listen() loads it, and after a change of V8's flags (heap.ts) it would not come from Node's code cache: 9 ms instead of 4.
import "node:cluster";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import { ProgramError } from "./program.ts";

/** What a probe answers: well, perhaps with a note of what is wrong all the same, or the reason why not. */
export type Health =
  | { readonly ok: true; readonly note?: string | null }
  | { readonly ok: false; readonly reason: string };

/** What a program shows of itself over HTTP. */
export interface Endpoints {
  readonly registry: Registry;
  /** `/healthz`: is the program's own loop alive. */
  readonly healthz: () => Health;
  /** `/readyz`: may traffic be sent here. */
  readonly readyz: () => Health;
}

export interface EndpointServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const answerHealth = (response: ServerResponse, health: Health): void => {
  response.writeHead(health.ok ? 200 : 503, { "content-type": "text/plain; charset=utf-8" });
  const text = health.ok ? ["ok", health.note ?? null].filter((line) => line !== null).join("\n") : health.reason;
  response.end(`${text}\n`);
};

const answerMetrics = async (response: ServerResponse, registry: Registry): Promise<void> => {
  try {
    const body = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType });
    response.end(body);
  } catch (error) {
    response.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
    response.end(`${error instanceof Error ? error.message : "metrics failed"}\n`);
  }
};

const handle = (endpoints: Endpoints, request: IncomingMessage, response: ServerResponse): void => {
  request.resume();
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  switch (request.url?.split("?")[0]) {
    case "/metrics":
      void answerMetrics(response, endpoints.registry);
      return;
    case "/healthz":
      answerHealth(response, endpoints.healthz());
      return;
    case "/readyz":
      answerHealth(response, endpoints.readyz());
      return;
    default:
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
      response.end("not found; here are /metrics, /healthz and /readyz\n");
  }
};

/**
 * Serves `/metrics`, `/healthz` and `/readyz`.
 *
 * @param setting the setting's name, for the error
 * @throws ProgramError when the address cannot be listened on
 */
export const serveEndpoints = async (
  setting: string,
  address: { readonly host: string | null; readonly port: number },
  endpoints: Endpoints,
): Promise<EndpointServer> => {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => handle(endpoints, request, response));
  // Probes and scrapers are few: a bound keeps a stranger from holding the program's descriptors.
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const where = `${address.host ?? ""}:${address.port}`;
      reject(new ProgramError(`cannot listen on ${where}: free the port or set ${setting}`, { cause }));
    });
    server.listen({ port: address.port, ...(address.host === null ? {} : { host: address.host }) }, resolve);
  });
  const bound = server.address() as AddressInfo; // listening on TCP: neither null nor a path
  return {
    host: bound.address,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
