import { invalidValue, requiredValue } from "../invalid.ts";
import { equalJson, isObject, type JsonObject, numberAt, objectAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { labelKeyProblems } from "./names.ts";

/*
 * The rules of k8s.io/kubernetes/pkg/apis/core/validation/events.go. Events come in their core/v1 form, whichever version
 * the client speaks.
 */

const MAX_TEXT = 128;
const MAX_MESSAGE = 1024;

const hasTime = (event: JsonObject): boolean => stringAt(event, "eventTime") !== "";

/** An object without a namespace has its Events in the default one, and nodes' in kube-system too. */
const validateNamespace = (event: JsonObject): readonly Cause[] => {
  const involved = stringAt(objectAt(event, "involvedObject"), "namespace");
  const own = stringAt(objectAt(event, "metadata"), "namespace");
  const mayBeEmpty = own === "default" || (hasTime(event) && own === "kube-system");
  const matches = involved === "" ? mayBeEmpty : hasTime(event) || involved === own;
  return matches ? [] : [invalidValue("involvedObject.namespace", involved, "does not match event.namespace")];
};

const bounded = (field: string, value: string, limit: number): readonly Cause[] =>
  value.length > limit ? [invalidValue(field, "", `can have at most ${limit} characters`)] : [];

const requiredText = (field: string, value: string): readonly Cause[] =>
  value === "" ? [requiredValue(field)] : bounded(field, value, MAX_TEXT);

/** What every Event has to be; one with an eventTime has to say who reports it. */
export const validateEvent = (event: JsonObject): readonly Cause[] => {
  if (!hasTime(event)) return validateNamespace(event);
  const controller = stringAt(event, "reportingComponent");
  return [
    ...validateNamespace(event),
    ...(controller === "" ? [requiredValue("reportingController")] : []),
    ...labelKeyProblems(controller).map((why) => invalidValue("reportingController", controller, why)),
    ...requiredText("reportingInstance", stringAt(event, "reportingInstance")),
    ...requiredText("action", stringAt(event, "action")),
    ...requiredText("reason", stringAt(event, "reason")),
    ...bounded("message", stringAt(event, "message"), MAX_MESSAGE),
  ];
};

const validateSeries = ({ series }: JsonObject): readonly Cause[] => {
  if (!isObject(series)) return [];
  return [
    ...((numberAt(series, "count") ?? 0) < 2 ? [invalidValue("series.count", "", "should be at least 2")] : []),
    ...(stringAt(series, "lastObservedTime") === "" ? [requiredValue("series.lastObservedTime")] : []),
  ];
};

/** What events.k8s.io/v1 demands of a new Event beyond that: the members of old Events stay unset. */
export const validateNewEvent = (event: JsonObject): readonly Cause[] => {
  const type = stringAt(event, "type");
  const set = [
    ...["firstTimestamp", "lastTimestamp"].filter((member) => stringAt(event, member) !== ""),
    ...(numberAt(event, "count") ? ["count"] : []),
    ...(Object.keys(objectAt(event, "source")).length > 0 ? ["source"] : []),
  ];
  return [
    ...validateSeries(event),
    ...(hasTime(event) ? [] : [requiredValue("eventTime")]),
    ...(type === "Normal" || type === "Warning" ? [] : [invalidValue("type", "", `has invalid value: ${type}`)]),
    ...set.map((member) => invalidValue(member, "", "needs to be unset")),
  ];
};

/** All but metadata and the series stays what it is. */
const FIXED = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
];

/** What events.k8s.io/v1 demands of a change. */
export const validateEventUpdate = (event: JsonObject, old: JsonObject): readonly Cause[] => [
  ...(equalJson(event.series, old.series) ? [] : validateSeries(event)),
  ...FIXED.flatMap((member) => {
    const value = event[member] ?? null;
    return equalJson(value, old[member] ?? null) ? [] : [invalidValue(member, value, "field is immutable")];
  }),
];
