/** The namespace and name of a Service: what people call it by. */
export interface ServiceRef {
  readonly namespace: string;
  readonly name: string;
}

/** A port of a Service, as far as routing needs it. Source: `ServicePort` of core/v1. */
export interface ServicePort {
  readonly name: string | null;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol: string | null;
}

/** A setting as it stands on the object, untouched and untrusted. */
export interface RawSetting {
  readonly key: string;
  readonly value: string;
}

/**
 * What hotroute keeps of a Service: a few hundred bytes of what the API server sends.
 * Everything here is still untrusted text, but of the right types.
 */
export interface ServiceRecord extends ServiceRef {
  readonly uid: string;
  /** `metadata.creationTimestamp` in milliseconds since the epoch; 0 where it is missing. */
  readonly createdAtMs: number;
  readonly type: string;
  /** `spec.clusterIP`: an address, `None` for a headless Service, or empty. */
  readonly clusterIP: string;
  readonly ports: readonly ServicePort[];
  /** Every key under the prefix, the prefix cut off, sorted by key; of an annotation and a label the annotation. */
  readonly settings: readonly RawSetting[];
}

/** `namespace/name`, as people and `kubectl` write it. */
export const serviceKey = (service: ServiceRef): string => `${service.namespace}/${service.name}`;

/** Orders texts by code unit: the same everywhere, unlike a locale's order. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Json = Readonly<Record<string, unknown>>;
const asObject = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asText = (value: unknown): string => (typeof value === "string" ? value : "");

const settingsIn = (source: Json, prefix: string): RawSetting[] => {
  const settings: RawSetting[] = [];
  for (const name of Object.keys(source)) {
    if (name.startsWith(prefix)) settings.push({ key: name.slice(prefix.length), value: asText(source[name]) });
  }
  return settings;
};

const byKey = (a: RawSetting, b: RawSetting): number => compareText(a.key, b.key);

const collectSettings = (prefix: string, labels: Json, annotations: Json): readonly RawSetting[] => {
  const annotated = settingsIn(annotations, prefix);
  const labelled = settingsIn(labels, prefix);
  if (annotated.length === 0) return labelled.sort(byKey);
  const keys = new Set(annotated.map(({ key }) => key));
  return [...annotated, ...labelled.filter(({ key }) => !keys.has(key))].sort(byKey);
};

const collectPorts = (raw: unknown): readonly ServicePort[] =>
  (Array.isArray(raw) ? raw : []).map(asObject).map((port) => ({
    name: asText(port.name) || null,
    port: typeof port.port === "number" && Number.isInteger(port.port) ? port.port : 0,
    protocol: asText(port.protocol) || "TCP",
    appProtocol: asText(port.appProtocol) || null,
  }));

/**
 * Takes from a Service, as the API server sends it, what routing needs.
 *
 * @param object a `v1.Service` in its JSON form
 * @param keyPrefix the prefix of hotroute's keys, slash included (`hotroute.io/`)
 * @returns the record, or null when the object has no name or namespace, which no API server sends
 */
export const readService = (object: unknown, keyPrefix: string): ServiceRecord | null => {
  const { metadata: rawMetadata, spec: rawSpec } = asObject(object);
  const metadata = asObject(rawMetadata);
  const spec = asObject(rawSpec);
  const namespace = asText(metadata.namespace);
  const name = asText(metadata.name);
  if (namespace === "" || name === "") return null;
  const createdAtMs = Date.parse(asText(metadata.creationTimestamp));
  return {
    namespace,
    name,
    uid: asText(metadata.uid),
    createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
    type: asText(spec.type) || "ClusterIP",
    clusterIP: asText(spec.clusterIP),
    ports: collectPorts(spec.ports),
    settings: collectSettings(keyPrefix, asObject(metadata.labels), asObject(metadata.annotations)),
  };
};
