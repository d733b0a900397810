import { type Api, type Target, viewOf } from "../api.ts";
import { updateOwnership } from "../apply/managed-fields.ts";
import { type Body, parseBody, readObject } from "../body.ts";
import { createObject, requireSameNamespace } from "../create.ts";
import { type DeleteOptions, deleteObject, parseDeleteOptions } from "../delete.ts";
import { isObject, type JsonObject, objectAt, stringAt } from "../json.ts";
import { listMetadata, listObject, listPage, type Page, parseSelection } from "../list.ts";
import { PATCH_TYPES, patchObject } from "../patch.ts";
import { PROTOBUF_TYPE } from "../protobuf/decode.ts";
import type { Resource, Verb } from "../resources/resource.ts";
import { decode } from "../schema/decode.ts";
import { DELETE_OPTIONS } from "../schema/meta.ts";
import {
  badRequest,
  internalError,
  methodNotAllowed,
  notFound,
  successStatus,
  unsupportedMediaType,
} from "../status.ts";
import { partialObject, tableOf } from "../table.ts";
import { requireSameName, updateObject } from "../update.ts";
import { parseWatchRequest, serveWatch, type WatchTimes } from "../watch.ts";
import { parseWriteOptions, type WriteOptions } from "../write-options.ts";
import { type Format, negotiate, parseIncludeObject } from "./accept.ts";
import { type Exchange, readBody, sendObject } from "./exchange.ts";
import type { Route } from "./route.ts";
import { openWatchResponse } from "./watch-response.ts";

/** What the handlers need beside the API itself. */
export interface Serving {
  readonly api: Api;
  readonly times: WatchTimes;
  /** Larger bodies are answered with 413. */
  readonly maxBodyBytes: number;
  /** What may wait to be sent to one watcher. */
  readonly watchBacklogBytes: number;
  /** The ends of all open watches. */
  readonly watches: Set<() => void>;
}

const OBJECT_TYPES = ["application/json", "application/yaml", PROTOBUF_TYPE];

const verbOf = (exchange: Exchange, route: Route): Verb => {
  const one = route.name !== "";
  const watches = route.watchPath || (!one && isTrue(exchange.query.get("watch")));
  switch (exchange.method) {
    case "GET":
      if (watches) return "watch";
      return one ? "get" : "list";
    case "POST":
      return one ? refuseMethod() : "create";
    case "PUT":
      return one ? "update" : refuseMethod();
    case "PATCH":
      return one ? "patch" : refuseMethod();
    case "DELETE":
      return one ? "delete" : "deletecollection";
    default:
      return refuseMethod();
  }
};

const refuseMethod = (): never => {
  throw methodNotAllowed();
};

/** Any value but 0 and false turns a flag on, as in a real server. */
const isTrue = (value: string | null): boolean => value !== null && !["0", "false"].includes(value.toLowerCase());

const requireVerb = (route: Route, verb: Verb): void => {
  const { resource, subresource, namespace } = route;
  const verbs = resource.subresources.find(({ name }) => name === subresource)?.verbs ?? resource.verbs;
  if (!verbs.includes(verb)) throw methodNotAllowed();
  const needsNamespace = verb === "create" || verb === "deletecollection";
  if (resource.namespaced && namespace === "" && needsNamespace) throw methodNotAllowed();
};

const objectBody = async (serving: Serving, exchange: Exchange): Promise<Body> => {
  const body = await readBody(exchange, serving.maxBodyBytes);
  if (body.mediaType !== "" && !OBJECT_TYPES.includes(body.mediaType)) throw unsupportedMediaType(OBJECT_TYPES);
  return body;
};

const optionsOf = ({ query, request, warnings }: Exchange, kind: string): WriteOptions =>
  parseWriteOptions(query, request.headers["user-agent"] ?? "", kind, (text) => warnings.push(text));

/** Answers with one object in the shape that the client asked for. */
const sendStored = (
  serving: Serving,
  exchange: Exchange,
  resource: Resource,
  format: Format,
  code: number,
  stored: JsonObject,
): void => {
  const view = viewOf(resource, stored);
  switch (format.shape) {
    case "object":
      sendObject(exchange, code, view, format.yaml);
      return;
    case "partial":
      sendObject(exchange, code, partialObject(view), format.yaml);
      return;
    case "table": {
      const metadata = { resourceVersion: stringAt(objectAt(view, "metadata"), "resourceVersion") };
      const table = tableOf(resource.columns, [{ stored, view }], metadata, tableOptions(serving, exchange));
      sendObject(exchange, code, table, format.yaml);
    }
  }
};

const tableOptions = (serving: Serving, exchange: Exchange): Parameters<typeof tableOf>[3] => ({
  include: parseIncludeObject(exchange.query),
  nowMs: serving.api.nowMs(),
  withDefinitions: true,
});

const sendPage = (serving: Serving, exchange: Exchange, resource: Resource, format: Format, page: Page): void => {
  switch (format.shape) {
    case "object":
      sendObject(exchange, 200, listObject(resource, page), format.yaml);
      return;
    case "partial": {
      const items = page.items.map(({ object }) => partialObject(viewOf(resource, object)));
      const list = {
        kind: "PartialObjectMetadataList",
        apiVersion: "meta.k8s.io/v1",
        metadata: listMetadata(page),
        items,
      };
      sendObject(exchange, 200, list, format.yaml);
      return;
    }
    case "table": {
      const rows = page.items.map(({ object }) => ({ stored: object, view: viewOf(resource, object) }));
      const table = tableOf(resource.columns, rows, listMetadata(page), tableOptions(serving, exchange));
      sendObject(exchange, 200, table, format.yaml);
    }
  }
};

const handleGet = (serving: Serving, exchange: Exchange, route: Route, format: Format): void => {
  const { resource, namespace, name } = route;
  const found = serving.api.store.get(resource.storage, namespace, name);
  if (found === null) throw notFound(resource.name, name);
  sendStored(serving, exchange, resource, format, 200, found.object);
};

const handleList = (serving: Serving, exchange: Exchange, route: Route, format: Format): void => {
  const selection = parseSelection(route.resource, route.namespace, "", exchange.query);
  sendPage(serving, exchange, route.resource, format, listPage(serving.api, route.resource, exchange.query, selection));
};

const handleWatch = (serving: Serving, exchange: Exchange, route: Route, format: Format): void => {
  const { resource, namespace, name } = route;
  const selection = parseSelection(resource, namespace, name, exchange.query);
  const request = parseWatchRequest(exchange.query, serving.times);
  const include = parseIncludeObject(exchange.query);
  const nowMs = serving.api.nowMs;
  const sink = openWatchResponse(exchange, { resource, format, include, nowMs }, serving.watchBacklogBytes);
  const stop = serveWatch(serving.api, resource, request, selection, sink, serving.times);
  sink.bound();
  serving.watches.add(stop);
  exchange.response.once("close", () => {
    serving.watches.delete(stop);
    stop();
  });
};

const handleCreate = async (serving: Serving, exchange: Exchange, route: Route, format: Format): Promise<void> => {
  const { resource } = route;
  const options = optionsOf(exchange, "CreateOptions");
  const body = readObject(resource, await objectBody(serving, exchange), options);
  const managed = updateOwnership(serving.api, resource, "main", options.manager);
  const stored = createObject(serving.api, route, body, managed, options);
  sendStored(serving, exchange, resource, format, 201, stored);
};

const handleUpdate = async (serving: Serving, exchange: Exchange, route: Route, format: Format): Promise<void> => {
  const { resource } = route;
  const part = route.subresource ?? "main";
  const options = optionsOf(exchange, "UpdateOptions");
  const body = readObject(resource, await objectBody(serving, exchange), options);
  requireSameName(route, objectAt(body, "metadata"));
  requireSameNamespace(route, objectAt(body, "metadata"));
  const managed = updateOwnership(serving.api, resource, part, options.manager);
  const stored = updateObject(serving.api, route, part, () => resource.toStored(body), managed, options);
  sendStored(serving, exchange, resource, format, 200, stored);
};

const isPatchType = (mediaType: string): mediaType is keyof typeof PATCH_TYPES => Object.hasOwn(PATCH_TYPES, mediaType);

const handlePatch = async (serving: Serving, exchange: Exchange, route: Route, format: Format): Promise<void> => {
  const body = await readBody(exchange, serving.maxBodyBytes);
  if (!isPatchType(body.mediaType)) throw unsupportedMediaType(Object.keys(PATCH_TYPES));
  const options = optionsOf(exchange, "PatchOptions");
  const fieldManager = exchange.query.get("fieldManager") ?? "";
  const type = PATCH_TYPES[body.mediaType];
  const patched = patchObject(serving.api, route, route.subresource ?? "main", type, body, fieldManager, options);
  sendStored(serving, exchange, route.resource, format, patched.created ? 201 : 200, patched.object);
};

const readDeleteOptions = async (serving: Serving, exchange: Exchange): Promise<DeleteOptions> => {
  const body = await objectBody(serving, exchange);
  if (body.bytes.length === 0) return parseDeleteOptions(exchange.query, {});
  let value: ReturnType<typeof parseBody>["value"];
  try {
    ({ value } = parseBody(body, DELETE_OPTIONS));
  } catch (error) {
    const why = error instanceof Error ? error.message : "not JSON";
    throw internalError(`couldn't get version/kind; json parse error: ${why}`);
  }
  if (!isObject(value)) throw badRequest("expect options to be an object");
  return parseDeleteOptions(exchange.query, decode(DELETE_OPTIONS, "DeleteOptions", "meta.k8s.io/v1", value).object);
};

const handleDelete = async (serving: Serving, exchange: Exchange, route: Route, format: Format): Promise<void> => {
  const { resource, name } = route;
  const options = await readDeleteOptions(serving, exchange);
  const { kind, object } = deleteObject(serving.api, route, options);
  if (kind === "waiting") {
    sendStored(serving, exchange, resource, format, 200, object);
    return;
  }
  const uid = stringAt(objectAt(object, "metadata"), "uid");
  sendObject(exchange, 200, successStatus(resource.name, name, uid), format.yaml);
};

const handleDeleteCollection = async (
  serving: Serving,
  exchange: Exchange,
  route: Route,
  format: Format,
): Promise<void> => {
  const { resource, namespace } = route;
  const options = await readDeleteOptions(serving, exchange);
  const selection = parseSelection(resource, namespace, "", exchange.query);
  const page = listPage(serving.api, resource, exchange.query, selection);
  const targets: readonly Target[] = page.items.map((item) => ({ resource, namespace, name: item.name }));
  for (const target of targets) deleteObject(serving.api, target, options);
  sendPage(serving, exchange, resource, format, page);
};

/** Serves a request for one of the resources. @throws ApiError */
export const handleResource = async (serving: Serving, exchange: Exchange, route: Route): Promise<void> => {
  const verb = verbOf(exchange, route);
  requireVerb(route, verb);
  const format = negotiate(exchange.accept);
  switch (verb) {
    case "get":
      return handleGet(serving, exchange, route, format);
    case "list":
      return handleList(serving, exchange, route, format);
    case "watch":
      return handleWatch(serving, exchange, route, format);
    case "create":
      return await handleCreate(serving, exchange, route, format);
    case "update":
      return await handleUpdate(serving, exchange, route, format);
    case "patch":
      return await handlePatch(serving, exchange, route, format);
    case "delete":
      return await handleDelete(serving, exchange, route, format);
    case "deletecollection":
      return await handleDeleteCollection(serving, exchange, route, format);
  }
};
