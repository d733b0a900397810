import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { aggregatedDiscovery, coreVersions, groupList, groupOf, resourceList, VERSION_INFO } from "../discovery.ts";
import type { JsonObject } from "../json.ts";
import { ApiError, internalError, methodNotAllowed, noSuchPath, unauthorized } from "../status.ts";
import { parseAccept } from "./accept.ts";
import { findReview, handleReview } from "./access-review.ts";
import { type Exchange, openExchange, sendError, sendObject, sendText } from "./exchange.ts";
import { handleOpenApi, type OpenApi } from "./openapi-handler.ts";
import { handleResource } from "./resource-handler.ts";
import { parseRoute } from "./route.ts";
import type { Serving } from "./serving.ts";

/** What a request is checked and answered with. */
export interface Handling extends Serving {
  /** Null lets everyone in. */
  readonly token: string | null;
  /** host:port, as discovery tells it. */
  readonly address: () => string;
  readonly openApi: OpenApi;
}

const HEALTH_PATHS: readonly string[] = ["/healthz", "/readyz", "/livez"];

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const isAuthenticated = (token: string | null, header: string | undefined): boolean => {
  if (token === null) return true;
  const match = /^Bearer +(\S+)$/i.exec(header ?? "");
  // Digests have one length, so that the comparison tells nothing of the token's.
  return match?.[1] !== undefined && timingSafeEqual(digest(match[1]), digest(token));
};

const isHealthPath = (path: string): boolean =>
  HEALTH_PATHS.some((health) => path === health || path.startsWith(`${health}/`));

/** Aggregated discovery, where the client would rather have it; false where not. */
const sendAggregated = (handling: Handling, exchange: Exchange, root: "/api" | "/apis"): boolean => {
  for (const { mediaType, parameters } of parseAccept(exchange.accept)) {
    const [shape, version] = [parameters.get("as"), parameters.get("v")];
    if (mediaType !== "application/json") continue;
    if (shape === undefined) return false;
    if (shape !== "APIGroupDiscoveryList" || (version !== "v2" && version !== "v2beta1")) continue;
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const document = aggregatedDiscovery(handling.api.resources, root, version);
    sendText(exchange, 200, contentType, `${JSON.stringify(document)}\n`);
    return true;
  }
  return false;
};

const discoveryDocument = (handling: Handling, path: string): JsonObject | null => {
  const { resources } = handling.api;
  const [, root, first, second, ...more] = path.split("/");
  if (more.length > 0) return null;
  if (root === "api") {
    if (first === undefined) return coreVersions(handling.address());
    return second === undefined ? resourceList(resources, first) : null;
  }
  if (root !== "apis") return null;
  if (first === undefined) return groupList(resources);
  return second === undefined ? groupOf(resources, first) : resourceList(resources, `${first}/${second}`);
};

const ROOT_PATHS = [
  "/api",
  "/api/v1",
  "/apis",
  "/healthz",
  "/livez",
  "/openapi/v2",
  "/openapi/v3",
  "/readyz",
  "/version",
];

/** Paths outside the resources. @returns false where the path is none of them */
const handlePlain = (handling: Handling, exchange: Exchange): boolean => {
  const { path } = exchange;
  if (isHealthPath(path)) {
    sendText(exchange, 200, "text/plain; charset=utf-8", "ok");
    return true;
  }
  if (handleOpenApi(handling.openApi, exchange)) return true;
  const document =
    path === "/version" ? VERSION_INFO : path === "/" ? { paths: ROOT_PATHS } : discoveryDocument(handling, path);
  if (document === null) return false;
  if (exchange.method !== "GET") throw methodNotAllowed();
  if ((path === "/api" || path === "/apis") && sendAggregated(handling, exchange, path)) return true;
  sendObject(exchange, 200, document, false);
  return true;
};

const dispatch = async (handling: Handling, exchange: Exchange): Promise<void> => {
  const open = isHealthPath(exchange.path) || exchange.path === "/version";
  if (!open && !isAuthenticated(handling.token, exchange.request.headers.authorization)) throw unauthorized();
  if (handlePlain(handling, exchange)) return;
  const review = findReview(exchange.path);
  if (review !== undefined) return await handleReview(exchange, review, handling.maxBodyBytes);
  const route = parseRoute(handling.api.resources, exchange.path);
  if (route === null) throw noSuchPath();
  return await handleResource(handling, exchange, route);
};

const fail = (exchange: Exchange, error: unknown): void => {
  const { response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof ApiError;
  const message = error instanceof Error ? error.message : String(error);
  sendError(exchange, known ? error : internalError(`Internal error occurred: ${message}`));
};

/** Answers one request; whatever fails is answered as a Status. */
export const handleRequest = async (
  handling: Handling,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const exchange = openExchange(request, response);
  try {
    await dispatch(handling, exchange);
  } catch (error) {
    // A client that went away in the middle of its own request needs no answer.
    if (!request.destroyed || request.complete) fail(exchange, error);
  }
};
