import { listPage, parseSelection } from "../list.ts";
import { notFound } from "../status.ts";
import { parseWatchRequest, serveWatch } from "../watch.ts";
import { type Format, parseIncludeObject } from "./accept.ts";
import type { Exchange } from "./exchange.ts";
import type { Route } from "./route.ts";
import { sendPage, sendStored } from "./send-resource.ts";
import type { Serving } from "./serving.ts";
import { openWatchResponse } from "./watch-response.ts";

export const handleGet = (serving: Serving, exchange: Exchange, route: Route, format: Format): void => {
  const { resource, namespace, name } = route;
  const found = serving.api.store.get(resource.storage, namespace, name);
  if (found === null) throw notFound(resource.name, name);
  sendStored(serving, exchange, resource, format, 200, found.object);
};

export const handleList = (serving: Serving, exchange: Exchange, route: Route, format: Format): void => {
  const selection = parseSelection(route.resource, route.namespace, "", exchange.query);
  sendPage(serving, exchange, route.resource, format, listPage(serving.api, route.resource, exchange.query, selection));
};

export const handleWatch = (serving: Serving, exchange: Exchange, route: Route, format: Format): void => {
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
