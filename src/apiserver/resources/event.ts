import { type JsonObject, objectAt, stringAt } from "../json.ts";
import { CORE_EVENT, EVENTS_EVENT } from "../schema/event.ts";
import { EVENT_COLUMNS } from "../table-columns.ts";
import { validateEvent, validateEventUpdate, validateNewEvent } from "./event-validation.ts";
import { toCoreV1, toEventsV1 } from "./event-versions.ts";
import { dns1123SubdomainProblems } from "./names.ts";
import type { Resource, Strategy } from "./resource.ts";

/** An Event's name only has to fit into a path. */
const pathSegmentProblems = (name: string): readonly string[] => [
  ...(name === "." || name === ".." ? [`may not be '${name}'`] : []),
  ...["/", "%"].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`),
];

const strategy = (validate: Strategy["validate"], validateName: Strategy["validateName"]): Strategy => ({
  defaults: (object) => object,
  prepareForCreate: (object) => object,
  prepareForUpdate: (object) => object,
  validate,
  validateName,
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
  strategy: strategy(validateEvent, pathSegmentProblems),
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
  strategy: strategy(
    (event, old) => [
      ...validateEvent(event),
      ...(old === null ? validateNewEvent(event) : validateEventUpdate(event, old)),
    ],
    dns1123SubdomainProblems,
  ),
  selectableFields: [...COMMON, ...REFERENCE.map((member) => `regarding.${member}`), "reportingController"],
  fieldValue,
};
