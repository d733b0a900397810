import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { KubeCredentials } from "./access.ts";
import type { KubeFailure } from "./failure.ts";
import { oneLine } from "./failure-text.ts";

/** One HTTP request, ready to be sent. */
export interface HttpExchange {
  readonly method: string;
  readonly url: string;
  readonly credentials: KubeCredentials;
  readonly body: Buffer | null;
  readonly contentType: string;
  /** Ends the exchange at any moment, also while the answer's body is being read. */
  readonly signal: AbortSignal;
}

/** The answer's head has come; its body is still to be read, or destroyed. */
export type OpenedExchange =
  | { readonly ok: true; readonly response: IncomingMessage }
  | { readonly ok: false; readonly failure: KubeFailure };

const codeOf = (error: Error): string | null => ("code" in error && typeof error.code === "string" ? error.code : null);

/** A socket or TLS error as a failure. Node's message names the address; the code says the rest. */
export const networkFailure = (error: Error): KubeFailure => {
  // A refused dual-stack connection is an AggregateError whose own message is empty.
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  const cause = first instanceof Error ? first : error;
  const code = codeOf(error) ?? codeOf(cause);
  return { kind: "network", message: oneLine(cause.message || code || cause.name), code };
};

const headersOf = (exchange: HttpExchange): OutgoingHttpHeaders => ({
  accept: "application/json",
  "user-agent": "hotroute",
  ...exchange.credentials.headers,
  ...(exchange.body === null ? {} : { "content-type": exchange.contentType, "content-length": exchange.body.length }),
});

const send = (exchange: HttpExchange, onEnd: (opened: OpenedExchange, staleConnection: boolean) => void): void => {
  const url = new URL(exchange.url);
  const { agent } = exchange.credentials;
  const options: RequestOptions = {
    method: exchange.method,
    agent,
    headers: headersOf(exchange),
    signal: exchange.signal,
  };
  const request = url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options);
  request.on("response", (response) => onEnd({ ok: true, response }, false));
  request.on("error", (error) => {
    const stale = request.reusedSocket && codeOf(error) === "ECONNRESET";
    onEnd({ ok: false, failure: networkFailure(error) }, stale);
  });
  request.end(exchange.body ?? undefined);
};

/**
 * Sends a request and waits for the answer's head. A GET over a kept-alive connection that the server had just closed
 * is sent once more, as Node's documentation of `request.reusedSocket` advises.
 */
export const openExchange = (exchange: HttpExchange): Promise<OpenedExchange> =>
  new Promise((resolve) => {
    const attempt = (again: number): void =>
      send(exchange, (opened, staleConnection) => {
        if (staleConnection && again > 0 && exchange.method === "GET" && !exchange.signal.aborted) attempt(again - 1);
        else resolve(opened);
      });
    try {
      // Both kept connections of the agent may be stale, and a third is new.
      attempt(2);
    } catch (error) {
      // Node throws at once when a header or a certificate cannot be used.
      resolve({ ok: false, failure: { kind: "credentials", message: oneLine(String(error)) } });
    }
  });

/**
 * Reads a body to its end.
 *
 * @param maxBytes the connection is closed when the body passes it
 */
export const readBody = (
  response: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly failure: KubeFailure }> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const fail = (failure: KubeFailure): void => {
      if (!response.readableEnded) response.destroy();
      resolve({ ok: false, failure });
    };
    response.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) fail({ kind: "tooLarge", message: `a body of more than ${maxBytes} bytes` });
      else chunks.push(chunk);
    });
    response.on("end", () => resolve({ ok: true, text: Buffer.concat(chunks, sizeBytes).toString("utf8") }));
    // A connection that ends before the body does gives ECONNRESET ("aborted") here.
    response.on("error", (error) => fail(networkFailure(error)));
    response.on("close", () => fail({ kind: "network", message: "the connection closed in the answer", code: null }));
  });
