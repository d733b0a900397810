import type { JsonObject } from "../json.ts";
import { listMetadata, type Page } from "../list.ts";
import { apiVersionOf, type Resource } from "../resources/resource.ts";

/** The JSON of an object in a version, made once for all lists and watches; it goes when the object goes. */
const encoded = new WeakMap<JsonObject, Map<string, string>>();

const encodeItem = (resource: Resource, stored: JsonObject): string => {
  const versions = encoded.get(stored) ?? new Map<string, string>();
  encoded.set(stored, versions);
  const key = apiVersionOf(resource);
  const text = versions.get(key) ?? JSON.stringify(resource.fromStored(stored));
  versions.set(key, text);
  return text;
};

/** The JSON of `viewOf`: kind and apiVersion stand before what an item of a list has. */
export const encodeView = (resource: Resource, stored: JsonObject): string =>
  `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",${encodeItem(resource, stored).slice(1)}`;

/** The JSON of `listObject`. */
export const encodeList = (resource: Resource, page: Page): string => {
  const items = page.items.map(({ object }) => encodeItem(resource, object)).join(",");
  const metadata = JSON.stringify(listMetadata(page));
  return `{"kind":"${resource.kind}List","apiVersion":"${apiVersionOf(resource)}","metadata":${metadata},"items":[${items}]}`;
};
