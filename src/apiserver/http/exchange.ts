import type { IncomingMessage, ServerResponse } from "node:http";
import { stringify } from "yaml";
import type { Body } from "../body.ts";
import type { JsonObject } from "../json.ts";
import { type ApiError, tooLarge } from "../status.ts";

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly warnings: string[];
}

export const openExchange = (request: IncomingMessage, response: ServerResponse): Exchange => {
  const url = new URL(request.url ?? "/", "http://localhost");
  return {
    request,
    response,
    method: request.method ?? "GET",
    path: url.pathname.length > 1 ? url.pathname.replace(/\/+$/, "") : url.pathname,
    query: url.searchParams,
    accept: request.headers.accept ?? "",
    warnings: [],
  };
};

/** The request's body. @throws ApiError 413 */
export const readBody = async ({ request }: Exchange, limitBytes: number): Promise<Body> => {
  const [mediaType = ""] = (request.headers["content-type"] ?? "").split(";");
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return { mediaType: mediaType.trim().toLowerCase(), bytes: Buffer.concat(chunks) };
};

/** A Warning header (RFC 7234, section 5.5), as kubectl prints it. */
const warningHeader = (text: string): string =>
  `299 - "${text.replace(/[\\"]/g, "\\$&").replace(/[^\x20-\x7e]/g, "?")}"`;

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

const NO_CACHE = "no-cache, private";

/** Answers with a text of that type. */
export const sendText = (exchange: Exchange, code: number, contentType: string, text: string | Buffer): void => {
  const { response, warnings, request } = exchange;
  response.setHeader("cache-control", NO_CACHE);
  response.setHeader("content-type", contentType);
  response.setHeader("content-length", Buffer.byteLength(text));
  if (warnings.length > 0) response.setHeader("warning", warnings.map(warningHeader));
  // What is left of a body that was not read would be taken for the next request.
  if (hasBody(request) && !request.complete) response.setHeader("connection", "close");
  response.statusCode = code;
  response.end(text);
};

export const sendObject = (exchange: Exchange, code: number, object: JsonObject, yaml: boolean): void => {
  if (yaml) sendText(exchange, code, "application/yaml", stringify(object));
  else sendText(exchange, code, "application/json", `${JSON.stringify(object)}\n`);
};

export const sendError = (exchange: Exchange, error: ApiError): void => {
  if (error.retryAfterSeconds !== undefined) exchange.response.setHeader("retry-after", error.retryAfterSeconds);
  sendObject(exchange, error.code, error.status, false);
};
