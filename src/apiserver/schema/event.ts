import { TYPE_FIELDS } from "./meta.ts";
import { always, field, INT32, MICRO_TIME, type ObjectSchema, object, pointer, STRING, TIME } from "./schema.ts";

const CORE = "io.k8s.api.core.v1";
const EVENTS = "io.k8s.api.events.v1";

const OBJECT_REFERENCE: ObjectSchema = {
  ...object(`${CORE}.ObjectReference`, "Names another object.", {
    kind: field(STRING, "Kind of the object."),
    namespace: field(STRING, "Namespace of the object."),
    name: field(STRING, "Name of the object."),
    uid: field(STRING, "UID of the object."),
    apiVersion: field(STRING, "API version of the object."),
    resourceVersion: field(STRING, "Resource version that is meant."),
    fieldPath: field(STRING, "Part of the object that is meant."),
  }),
  atomic: true,
};

const EVENT_SOURCE = object(`${CORE}.EventSource`, "Who reports an event.", {
  component: field(STRING, "Component that reports."),
  host: field(STRING, "Node that it runs on."),
});

const series = (name: string): ObjectSchema =>
  object(`${name}.EventSeries`, "An event that was seen again and again.", {
    count: field(INT32, "How often it was seen."),
    lastObservedTime: field(MICRO_TIME, "When it was last seen."),
  });

/** core/v1 Event. */
export const CORE_EVENT = object(`${CORE}.Event`, "A report of something that happened to an object.", {
  ...TYPE_FIELDS,
  involvedObject: always(OBJECT_REFERENCE, "The object that the event is about."),
  reason: field(STRING, "Why, as one CamelCase word."),
  message: field(STRING, "What happened, for people."),
  source: always(EVENT_SOURCE, "Who reports it."),
  firstTimestamp: always(TIME, "When it was first seen."),
  lastTimestamp: always(TIME, "When it was last seen."),
  count: field(INT32, "How often it was seen."),
  type: field(STRING, "Normal or Warning."),
  eventTime: always(MICRO_TIME, "When it was first seen, to the microsecond."),
  series: pointer(series(CORE), "The series it is part of."),
  action: field(STRING, "What was done, or failed, to the object."),
  related: pointer(OBJECT_REFERENCE, "A second object, of a more complex action."),
  reportingComponent: always(STRING, "Controller that reports it, such as example.com/controller."),
  reportingInstance: always(STRING, "Instance of that controller."),
});

/** events.k8s.io/v1 Event: the same object under other names. */
export const EVENTS_EVENT = object(`${EVENTS}.Event`, "A report of something that happened to an object.", {
  ...TYPE_FIELDS,
  eventTime: always(MICRO_TIME, "When it was first seen, to the microsecond."),
  series: pointer(series(EVENTS), "The series it is part of."),
  reportingController: field(STRING, "Controller that reports it, such as example.com/controller."),
  reportingInstance: field(STRING, "Instance of that controller."),
  action: field(STRING, "What was done, or failed, to the object."),
  reason: field(STRING, "Why the action was taken."),
  regarding: always(OBJECT_REFERENCE, "The object that the event is about."),
  related: pointer(OBJECT_REFERENCE, "A second object, of a more complex action."),
  note: field(STRING, "What happened, for people."),
  type: field(STRING, "Normal or Warning."),
  deprecatedSource: always(EVENT_SOURCE, "The source of a core/v1 Event."),
  deprecatedFirstTimestamp: always(TIME, "The firstTimestamp of a core/v1 Event."),
  deprecatedLastTimestamp: always(TIME, "The lastTimestamp of a core/v1 Event."),
  deprecatedCount: field(INT32, "The count of a core/v1 Event."),
});
