import type { Verb } from "../resources/resource.ts";
import { methodNotAllowed } from "../status.ts";
import { negotiate } from "./accept.ts";
import type { Exchange } from "./exchange.ts";
import { handleGet, handleList, handleWatch } from "./read-handlers.ts";
import type { Route } from "./route.ts";
import type { Serving } from "./serving.ts";
import { handleCreate, handleDelete, handleDeleteCollection, handlePatch, handleUpdate } from "./write-handlers.ts";

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
