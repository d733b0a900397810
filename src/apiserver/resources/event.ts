import { invalidValue, requiredValue } from "../invalid.ts";
import { equalJson, isObject, type JsonObject, numberAt, objectAt, stringAt } from "../json.ts";
import { CORE_EVENT, EVENTS_EVENT } from "../schema/event.ts";
import type { Cause } from "../status.ts";
import { EVENT_COLUMNS } from "../table-columns.ts";
import { toCoreV1, toEventsV1 } from "./event-versions.ts";
import { labelKeyProblems } from "./names.ts";
import type { Resource, Strategy } from "./resource.ts";

/** An Event's name only has to fit into a path. */
const pathSegmentProblems = (name: string): readonly string[] => [
  ...(name === "." || name === ".." ? [`may not be '${name}'`] : []),
  ...["/", "%"].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`),
];

const validateNamespace = (event: JsonObject): readonly Cause[] => {
  const involved = stringAt(objectAt(event, "involvedObject"), "namespace");
  const own = stringAt(objectAt(event, "metadata"), "namespace");
  // An object without a namespace has its Events in the default one.
  const matches = involved === own || (involved === "" && (own === "default" || own === "kube-system"));
  return matches ? [] : [invalidValue("involvedObject.namespace", involved, "does not match event.namespace")];
};

const bounded = (field: string, value: string, limit: number): readonly Cause[] =>
  value.length > limit ? [invalidValue(field, value, `can have at most ${limit} characters`)] : [];

const requiredText = (field: string, value: string): readonly Cause[] =>
  value === "" ? [requiredValue(field)] : bounded(field, value, 128);

/** What events.k8s.io/v1 demands beyond core/v1 (k8s.io/kubernetes/pkg/apis/core/validation/events.go). */
const validateNewEvent = (event: JsonObject): readonly Cause[] => {
  if (event.eventTime === null || event.eventTime === undefined) return [requiredValue("eventTime")];
  const controller = stringAt(event, "reportingComponent");
  const type = stringAt(event, "type");
  return [
    ...(controller === ""
      ? [requiredValue("reportingController")]
      : labelKeyProblems(controller).map((why) => invalidValue("reportingController", controller, why))),
    ...requiredText("reportingInstance", stringAt(event, "reportingInstance")),
    ...requiredText("action", stringAt(event, "action")),
    ...requiredText("reason", stringAt(event, "reason")),
    ...bounded("message", stringAt(event, "message"), 1024),
    ...(type === "Normal" || type === "Warning" ? [] : [invalidValue("type", type, `has invalid value: ${type}`)]),
    ...(isObject(event.series) ? validateSeries(event.series) : []),
    ...validateUnset(event),
  ];
};

const validateSeries = (series: JsonObject): readonly Cause[] => [
  ...((numberAt(series, "count") ?? 0) < 2 ? [invalidValue("series.count", "", "should be at least 2")] : []),
  ...(series.lastObservedTime ? [] : [requiredValue("series.lastObservedTime")]),
];

/** A new Event leaves the old members alone. */
const validateUnset = (event: JsonObject): readonly Cause[] => [
  ...(event.firstTimestamp ? [invalidValue("firstTimestamp", "", "needs to be unset")] : []),
  ...(event.lastTimestamp ? [invalidValue("lastTimestamp", "", "needs to be unset")] : []),
  ...(numberAt(event, "count") ? [invalidValue("count", "", "needs to be unset")] : []),
  ...(Object.keys(objectAt(event, "source")).length > 0 ? [invalidValue("source", "", "needs to be unset")] : []),
];

/** Only the series, metadata and what clients of core/v1 count may change. */
const FIXED = [
  "involvedObject",
  "reason",
  "message",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
];

const strategy = (validateVersion: (event: JsonObject, old: JsonObject | null) => readonly Cause[]): Strategy => ({
  defaults: (object) => object,
  prepareForCreate: (object) => object,
  prepareForUpdate: (object) => object,
  validate: (object, old) => [...validateNamespace(object), ...validateVersion(object, old)],
  validateName: pathSegmentProblems,
  allocate: (object) => object,
  recorded: () => {},
});

const fieldValue = (object: JsonObject, field: string): string => {
  const path = field.split(".");
  const parent = path.slice(0, -1).reduce((value, key) => objectAt(value, key), object);
  return stringAt(parent, path.at(-1) ?? "");
};

const REFERENCE = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];
const COMMON = ["metadata.name", "metadata.namespace", "reason", "type"];

const SHARED = {
  kind: "Event",
  version: "v1",
  singular: "event",
  shortNames: ["ev"],
  categories: [],
  namespaced: true,
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  subresources: [],
  storage: "events",
  storageSchema: CORE_EVENT,
  unsupportedField: (field: string) => `field label not supported: ${field}`,
  columns: EVENT_COLUMNS,
} as const;

/** core/v1 Events. */
export const CORE_EVENT_RESOURCE: Resource = {
  ...SHARED,
  name: { group: "", plural: "events" },
  schema: CORE_EVENT,
  fromStored: (object) => object,
  toStored: (object) => object,
  strategy: strategy(() => []),
  selectableFields: [
    ...COMMON,
    ...REFERENCE.map((member) => `involvedObject.${member}`),
    "reportingComponent",
    "source",
  ],
  fieldValue: (object, field) => {
    if (field !== "source") return fieldValue(object, field);
    return stringAt(objectAt(object, "source"), "component") || stringAt(object, "reportingComponent");
  },
};

/** events.k8s.io/v1 Events: the same objects. */
export const EVENTS_EVENT_RESOURCE: Resource = {
  ...SHARED,
  name: { group: "events.k8s.io", plural: "events" },
  schema: EVENTS_EVENT,
  fromStored: toEventsV1,
  toStored: toCoreV1,
  strategy: strategy((event, old) => {
    if (old === null) return validateNewEvent(event);
    return FIXED.flatMap((member) =>
      equalJson(event[member] ?? null, old[member] ?? null)
        ? []
        : [invalidValue(member, event[member] ?? null, "field is immutable")],
    );
  }),
  selectableFields: [...COMMON, ...REFERENCE.map((member) => `regarding.${member}`), "reportingController"],
  fieldValue,
};
