import { createHash } from "node:crypto";
import type { JsonObject } from "../json.ts";
import { openApiV2 } from "../openapi/v2.ts";
import { encodeOpenApiV2, isV2Protobuf, V2_PROTOBUF_TYPE } from "../openapi/v2-protobuf.ts";
import { openApiV3, v3Paths } from "../openapi/v3.ts";
import type { Resource } from "../resources/resource.ts";
import { methodNotAllowed, notAcceptable } from "../status.ts";
import { parseAccept } from "./accept.ts";
import { type Exchange, sendObject, sendText } from "./exchange.ts";

/** Documents are made when they are first asked for: most runs of the server never are. */
export interface OpenApi {
  readonly v2: () => JsonObject;
  readonly v2Protobuf: () => Buffer;
  readonly v3Index: () => JsonObject;
  /** The document below `/openapi/v3/`, or null. */
  readonly v3: (path: string) => JsonObject | null;
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

export const createOpenApi = (resources: readonly Resource[], version: string): OpenApi => {
  const v2 = once(() => openApiV2(resources, version));
  const documents = once(
    () =>
      new Map(
        v3Paths(resources).map((path) => {
          const apiVersion = path.replace(/^apis?\//, "");
          return [path, openApiV3(resources, apiVersion, version)];
        }),
      ),
  );
  // Clients keep a document for as long as its hash stays the same.
  const entry = (path: string, document: JsonObject | null): JsonObject => {
    const hash = createHash("sha256").update(JSON.stringify(document)).digest("hex").toUpperCase();
    return { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  };
  return {
    v2,
    v2Protobuf: once(() => encodeOpenApiV2(v2())),
    v3Index: once(() => ({
      paths: Object.fromEntries([...documents()].map(([path, document]) => [path, entry(path, document)])),
    })),
    v3: (path) => documents().get(path) ?? null,
  };
};

const sendV2 = (openApi: OpenApi, exchange: Exchange): void => {
  for (const { mediaType } of parseAccept(exchange.accept)) {
    if (isV2Protobuf(mediaType)) {
      sendText(exchange, 200, V2_PROTOBUF_TYPE, openApi.v2Protobuf());
      return;
    }
    if (["", "*/*", "application/*", "application/json"].includes(mediaType)) {
      sendObject(exchange, 200, openApi.v2(), false);
      return;
    }
  }
  throw notAcceptable(["application/json", V2_PROTOBUF_TYPE]);
};

const PREFIX = "/openapi/v3/";

/** Answers a request for an OpenAPI document. @returns false where the path names none @throws ApiError */
export const handleOpenApi = (openApi: OpenApi, exchange: Exchange): boolean => {
  const { path, method } = exchange;
  if (!path.startsWith("/openapi/")) return false;
  if (method !== "GET") throw methodNotAllowed();
  if (path === "/openapi/v2") {
    sendV2(openApi, exchange);
    return true;
  }
  const document =
    path === "/openapi/v3" ? openApi.v3Index() : path.startsWith(PREFIX) ? openApi.v3(path.slice(PREFIX.length)) : null;
  if (document === null) return false;
  sendObject(exchange, 200, document, false);
  return true;
};
