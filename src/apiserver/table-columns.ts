import { humanDuration } from "./human-duration.ts";
import { isObject, type Json, type JsonObject, listAt, numberAt, objectAt, stringAt } from "./json.ts";
import type { TableColumn } from "./table.ts";

/** The columns of k8s.io/kubernetes/pkg/printers/internalversion. */

const NONE = "<none>";

const column = (name: string, description: string, cell: TableColumn["cell"], priority: 0 | 1 = 0): TableColumn => ({
  name,
  format: "",
  description,
  priority,
  cell,
});

const nameColumn = (priority: 0 | 1): TableColumn => ({
  ...column("Name", "Name of the object.", (object) => stringAt(objectAt(object, "metadata"), "name"), priority),
  format: "name",
});

const since = (timestamp: string, nowMs: number): string =>
  timestamp === "" ? "<unknown>" : humanDuration(nowMs - Date.parse(timestamp));

const AGE = column("Age", "Time since the object was created.", (object, nowMs) =>
  since(stringAt(objectAt(object, "metadata"), "creationTimestamp"), nowMs),
);

const joined = (values: readonly Json[]): string => (values.length === 0 ? NONE : values.join(","));

const ingressPoints = (service: JsonObject): readonly string[] =>
  listAt(objectAt(objectAt(service, "status"), "loadBalancer"), "ingress").map(
    (point) => stringAt(point, "ip") || stringAt(point, "hostname"),
  );

const externalAddress = (service: JsonObject): string => {
  const spec = objectAt(service, "spec");
  const addresses = listAt(spec, "externalIPs");
  switch (stringAt(spec, "type")) {
    case "ExternalName":
      return stringAt(spec, "externalName");
    case "LoadBalancer": {
      const all = [...ingressPoints(service), ...addresses];
      return all.length === 0 ? "<pending>" : all.join(",");
    }
    default:
      return joined(addresses);
  }
};

const portText = (port: Json): string => {
  const nodePort = numberAt(port, "nodePort") || 0;
  return `${numberAt(port, "port")}${nodePort === 0 ? "" : `:${nodePort}`}/${stringAt(port, "protocol")}`;
};

const labelsText = (labels: JsonObject): string =>
  joined(
    Object.keys(labels)
      .toSorted()
      .map((key) => `${key}=${labels[key]}`),
  );

export const SERVICE_COLUMNS: readonly TableColumn[] = [
  nameColumn(0),
  column("Type", "How the Service is exposed.", (object) => stringAt(objectAt(object, "spec"), "type")),
  column(
    "Cluster-IP",
    "Address of the Service within the cluster.",
    (object) => stringAt(objectAt(object, "spec"), "clusterIP") || NONE,
  ),
  column("External-IP", "Addresses or name outside the cluster.", externalAddress),
  column("Port(s)", "Ports that the Service exposes.", (object) =>
    joined(listAt(objectAt(object, "spec"), "ports").map(portText)),
  ),
  AGE,
  column("Selector", "Labels of its Pods.", (object) => labelsText(objectAt(objectAt(object, "spec"), "selector")), 1),
];

export const NAMESPACE_COLUMNS: readonly TableColumn[] = [
  nameColumn(0),
  column("Status", "The phase of the namespace.", (object) => stringAt(objectAt(object, "status"), "phase")),
  AGE,
];

const firstSeen = (event: JsonObject): string => stringAt(event, "firstTimestamp") || stringAt(event, "eventTime");

const lastSeen = (event: JsonObject): string =>
  stringAt(objectAt(event, "series"), "lastObservedTime") || stringAt(event, "lastTimestamp") || firstSeen(event);

const involved = (event: JsonObject): string => {
  const reference = objectAt(event, "involvedObject");
  const [kind, name] = [stringAt(reference, "kind").toLowerCase(), stringAt(reference, "name")];
  return name === "" ? kind : `${kind}/${name}`;
};

const eventSource = (event: JsonObject): string => {
  const source = objectAt(event, "source");
  const component = stringAt(source, "component") || stringAt(event, "reportingComponent");
  const host = stringAt(source, "host") || stringAt(event, "reportingInstance");
  return host === "" ? component : `${component}, ${host}`;
};

const eventCount = (event: JsonObject): number => {
  if (isObject(event.series)) return numberAt(event.series, "count") ?? 0;
  // An Event of the newer version that was seen once has no count.
  return numberAt(event, "count") || 1;
};

export const EVENT_COLUMNS: readonly TableColumn[] = [
  column("Last Seen", "Time since it was last seen.", (event, nowMs) => since(lastSeen(event), nowMs)),
  column("Type", "Normal or Warning.", (event) => stringAt(event, "type")),
  column("Reason", "Why, as one word.", (event) => stringAt(event, "reason")),
  column("Object", "The object that it is about.", involved),
  column(
    "Subobject",
    "The part of that object.",
    (event) => stringAt(objectAt(event, "involvedObject"), "fieldPath"),
    1,
  ),
  column("Source", "Who reports it.", eventSource, 1),
  column("Message", "What happened.", (event) => stringAt(event, "message").trim()),
  column("First Seen", "Time since it was first seen.", (event, nowMs) => since(firstSeen(event), nowMs), 1),
  column("Count", "How often it was seen.", eventCount, 1),
  nameColumn(1),
];
