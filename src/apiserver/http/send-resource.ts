import { viewOf } from "../api.ts";
import { type JsonObject, objectAt, stringAt } from "../json.ts";
import { listMetadata, listObject, type Page } from "../list.ts";
import type { Resource } from "../resources/resource.ts";
import { partialObject, tableOf } from "../table.ts";
import { type Format, parseIncludeObject } from "./accept.ts";
import { encodeList } from "./encoded.ts";
import { type Exchange, sendObject, sendText } from "./exchange.ts";
import type { Serving } from "./serving.ts";

/** Answers with one object in the shape that the client asked for. */
export const sendStored = (
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

/** Answers with a page of a list, in that shape. */
export const sendPage = (
  serving: Serving,
  exchange: Exchange,
  resource: Resource,
  format: Format,
  page: Page,
): void => {
  switch (format.shape) {
    case "object":
      if (format.yaml) sendObject(exchange, 200, listObject(resource, page), true);
      else sendText(exchange, 200, "application/json", `${encodeList(resource, page)}\n`);
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
