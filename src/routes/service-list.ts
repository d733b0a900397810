import type { ServicePort, ServiceRecord } from "./service.ts";

/**
 * What a configuration was made of, as it is kept beside it (`.services.jsonl`): without it, a generator that starts anew
 * would not know how a Service was served before the change that nginx refuses.
 */
export interface ServiceList {
  /** SHA-256 (hex) of the configuration. */
  readonly hash: string;
  /** Whether nginx was seen to serve it. */
  readonly isServed: boolean;
  readonly services: readonly ServiceRecord[];
}

/** Hidden, so that it is no part of what the reloader serves. */
export const serviceListName = ".services.jsonl";

type Json = Readonly<Record<string, unknown>>;
/** Whether a value out of JSON is an object. */
export const isJsonObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

const isPort = (value: unknown): value is ServicePort =>
  isJsonObject(value) &&
  (value.name === null || isText(value.name)) &&
  typeof value.port === "number" &&
  isText(value.protocol) &&
  (value.appProtocol === null || isText(value.appProtocol));

/** Whether a value out of JSON is a Service as hotroute keeps it. */
export const isServiceRecord = (value: unknown): value is ServiceRecord =>
  isJsonObject(value) &&
  [value.namespace, value.name, value.uid, value.type, value.clusterIP].every(isText) &&
  typeof value.createdAtMs === "number" &&
  Array.isArray(value.ports) &&
  value.ports.every(isPort) &&
  Array.isArray(value.settings) &&
  value.settings.every((setting) => isJsonObject(setting) && isText(setting.key) && isText(setting.value));

/** One JSON text a line: what it is of, and each Service. */
export const formatServiceList = ({ hash, isServed, services }: ServiceList): string =>
  [{ version: 1, hash, isServed }, ...services].map((line) => `${JSON.stringify(line)}\n`).join("");

/** @returns null where the text is no such list, or only a part of one */
export const parseServiceList = (text: string): ServiceList | null => {
  try {
    const [head, ...services] = text
      .split("\n")
      .slice(0, -1)
      .map((line): unknown => JSON.parse(line));
    if (!isJsonObject(head) || head.version !== 1 || !isText(head.hash) || typeof head.isServed !== "boolean")
      return null;
    return services.every(isServiceRecord) ? { hash: head.hash, isServed: head.isServed, services } : null;
  } catch {
    return null;
  }
};
