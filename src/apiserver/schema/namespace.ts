import { TYPE_FIELDS } from "./meta.ts";
import { always, atomicListOf, field, mapListOf, object, required, STRING, TIME } from "./schema.ts";

const CORE = "io.k8s.api.core.v1";

const NAMESPACE_CONDITION = object(`${CORE}.NamespaceCondition`, "One aspect of a namespace's state.", {
  type: required(STRING, "Type of the condition."),
  status: required(STRING, "True, False or Unknown."),
  lastTransitionTime: always(TIME, "When the status last changed."),
  reason: field(STRING, "Why, as one CamelCase word."),
  message: field(STRING, "Why, for people."),
});

/** core/v1 Namespace. */
export const NAMESPACE = object(`${CORE}.Namespace`, "A scope for names.", {
  ...TYPE_FIELDS,
  spec: always(
    object(`${CORE}.NamespaceSpec`, "What is asked of a namespace.", {
      finalizers: field(atomicListOf(STRING), "Names that have to be removed before the namespace is gone."),
    }),
    "What is asked of the namespace.",
  ),
  status: always(
    object(`${CORE}.NamespaceStatus`, "State of a namespace.", {
      phase: field(STRING, "Active or Terminating."),
      conditions: field(mapListOf(NAMESPACE_CONDITION, ["type"], "type"), "Conditions of the namespace."),
    }),
    "What was last seen of it.",
  ),
});
