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

const collectSettings = (prefix: string, labels: Json, annotations: Json): readonly RawSetting[] => {
  const found = new Map<string, string>();
  for (const source of [labels, annotations]) {
    for (const [name, value] of Object.entries(source)) {
      if (name.startsWith(prefix)) found.set(name.slice(prefix.length), asText(value));
    }
  }
  return [...found].map(([key, value]) => ({ key, value })).sort((a, b) => compareText(a.key, b.key));
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
