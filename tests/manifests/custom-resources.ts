import type { KubeObject } from "./objects.ts";

/**
 * The fields that the manifests use of the Prometheus Operator's kinds, and what each holds.
 * Source: https://prometheus-operator.dev/docs/api-reference/api/ (PodMonitorSpec, PodMetricsEndpoint, Rule)
 */
type Fields = { readonly [field: string]: "text" | "texts" | "duration" | Fields | readonly [Fields] };

const podMonitor: Fields = {
  selector: { matchLabels: "texts" },
  podMetricsEndpoints: [{ port: "text", path: "text", interval: "duration" }],
};
const prometheusRule: Fields = {
  groups: [
    {
      name: "text",
      rules: [{ alert: "text", expr: "text", for: "duration", labels: "texts", annotations: "texts" }],
    },
  ],
};
const kinds: Readonly<Record<string, Fields>> = { PodMonitor: podMonitor, PrometheusRule: prometheusRule };

/** Whether an object is of the Prometheus Operator, which Kubernetes itself does not know. */
export const isCustom = ({ apiVersion }: KubeObject): boolean => apiVersion === "monitoring.coreos.com/v1";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isList = (field: Fields | readonly [Fields]): field is readonly [Fields] => Array.isArray(field);

const check = (fields: Fields[string], value: unknown, path: string): readonly string[] => {
  if (fields === "text") return typeof value === "string" ? [] : [`${path}: no text`];
  if (fields === "duration") return /^\d+[smh]$/.test(String(value)) ? [] : [`${path}: no duration`];
  if (fields === "texts") {
    const texts = isObject(value) ? Object.values(value) : [null];
    return texts.every((text) => typeof text === "string") ? [] : [`${path}: no texts`];
  }
  if (isList(fields)) {
    if (!Array.isArray(value) || value.length === 0) return [`${path}: no list`];
    return value.flatMap((item, index) => check(fields[0], item, `${path}[${index}]`));
  }
  if (!isObject(value)) return [`${path}: no object`];
  return Object.entries(value).flatMap(([name, inner]) => {
    const field = fields[name];
    return field === undefined ? [`${path}.${name}: unknown field`] : check(field, inner, `${path}.${name}`);
  });
};

/** What in an object of the Prometheus Operator is not as its documentation has it. */
export const misfitsOf = (object: KubeObject): readonly string[] => {
  const fields = kinds[object.kind];
  const path = `${object.kind} ${object.metadata.name}`;
  return fields === undefined ? [`${path}: no such kind`] : check(fields, object.spec, `${path}.spec`);
};
