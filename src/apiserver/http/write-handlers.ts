import type { Target } from "../api.ts";
import { updateOwnership } from "../apply/managed-fields.ts";
import { type Body, parseBody, readObject } from "../body.ts";
import { createObject, requireSameNamespace } from "../create.ts";
import { type DeleteOptions, deleteObject, parseDeleteOptions } from "../delete.ts";
import { isObject, objectAt, stringAt } from "../json.ts";
import { listPage, parseSelection } from "../list.ts";
import { PATCH_TYPES, patchObject } from "../patch.ts";
import { PROTOBUF_TYPE } from "../protobuf/decode.ts";
import { decode } from "../schema/decode.ts";
import { DELETE_OPTIONS } from "../schema/meta.ts";
import { badRequest, internalError, successStatus, unsupportedMediaType } from "../status.ts";
import { requireSameName, updateObject } from "../update.ts";
import { parseWriteOptions, type WriteOptions } from "../write-options.ts";
import type { Format } from "./accept.ts";
import { type Exchange, readBody, sendObject } from "./exchange.ts";
import type { Route } from "./route.ts";
import { sendPage, sendStored } from "./send-resource.ts";
import type { Serving } from "./serving.ts";

const OBJECT_TYPES = ["application/json", "application/yaml", PROTOBUF_TYPE];

const objectBody = async (serving: Serving, exchange: Exchange): Promise<Body> => {
  const body = await readBody(exchange, serving.maxBodyBytes);
  if (body.mediaType !== "" && !OBJECT_TYPES.includes(body.mediaType)) throw unsupportedMediaType(OBJECT_TYPES);
  return body;
};

const optionsOf = ({ query, request, warnings }: Exchange, kind: string): WriteOptions =>
  parseWriteOptions(query, request.headers["user-agent"] ?? "", kind, (text) => warnings.push(text));

export const handleCreate = async (
  serving: Serving,
  exchange: Exchange,
  route: Route,
  format: Format,
): Promise<void> => {
  const { resource } = route;
  const options = optionsOf(exchange, "CreateOptions");
  const body = readObject(resource, await objectBody(serving, exchange), options);
  const managed = updateOwnership(serving.api, resource, "main", options.manager);
  const stored = createObject(serving.api, route, body, managed, options);
  sendStored(serving, exchange, resource, format, 201, stored);
};

export const handleUpdate = async (
  serving: Serving,
  exchange: Exchange,
  route: Route,
  format: Format,
): Promise<void> => {
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

export const handlePatch = async (
  serving: Serving,
  exchange: Exchange,
  route: Route,
  format: Format,
): Promise<void> => {
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

export const handleDelete = async (
  serving: Serving,
  exchange: Exchange,
  route: Route,
  format: Format,
): Promise<void> => {
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

export const handleDeleteCollection = async (
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
