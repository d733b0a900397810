import { jsonObject, jsonText } from "./json.ts";

/** What the reflector itself reads of an object; source: `ObjectMeta` of meta/v1. */
export interface ObjectIdentity {
  /** `namespace/name`, or the bare name. */
  readonly key: string;
  readonly resourceVersion: string;
}

/** Null when the object has no name or no resourceVersion, which no API server sends. */
export const readIdentity = (object: unknown): ObjectIdentity | null => {
  const metadata = jsonObject(jsonObject(object)?.metadata);
  const name = jsonText(metadata?.name);
  const namespace = jsonText(metadata?.namespace);
  const resourceVersion = jsonText(metadata?.resourceVersion);
  if (name === "" || resourceVersion === "") return null;
  return { key: namespace === "" ? name : `${namespace}/${name}`, resourceVersion };
};
