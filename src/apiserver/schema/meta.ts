import {
  ANY,
  always,
  atomicListOf,
  BOOLEAN,
  type Field,
  field,
  INT64,
  mapListOf,
  mapOf,
  object,
  pointer,
  required,
  STRING,
  setOf,
  TIME,
} from "./schema.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

const OWNER_REFERENCE = object(`${META}.OwnerReference`, "Names an object that owns this one.", {
  apiVersion: required(STRING, "API version of the owner."),
  kind: required(STRING, "Kind of the owner."),
  name: required(STRING, "Name of the owner."),
  uid: required(STRING, "UID of the owner."),
  controller: pointer(BOOLEAN, "True where the owner is the managing controller."),
  blockOwnerDeletion: pointer(BOOLEAN, "True where the owner cannot be deleted in the foreground before this object."),
});

const MANAGED_FIELDS_ENTRY = object(`${META}.ManagedFieldsEntry`, "The fields that one manager owns.", {
  manager: field(STRING, "Name of the manager."),
  operation: field(STRING, "Apply or Update."),
  apiVersion: field(STRING, "Version of the object that the fields are written in."),
  time: field(TIME, "When the entry was last changed."),
  fieldsType: field(STRING, "Always FieldsV1."),
  fieldsV1: pointer(ANY, "The set of fields, as a tree of path elements."),
  subresource: field(STRING, "The subresource that the manager wrote, where it was one."),
});

/** ObjectMeta, in the order in which Kubernetes writes it. */
export const OBJECT_META = object(`${META}.ObjectMeta`, "What every stored object carries.", {
  name: field(STRING, "Name, unique within the namespace and the resource. Cannot be changed."),
  generateName: field(STRING, "Prefix from which the server makes a unique name where name is empty."),
  namespace: field(STRING, "Namespace within which the name is unique. Cannot be changed."),
  selfLink: field(STRING, "No longer set by the server."),
  uid: field(STRING, "Unique in time and space. Set by the server."),
  resourceVersion: field(STRING, "Opaque revision of this object, for optimistic locking and watches."),
  generation: field(INT64, "Number of the desired state, where the resource counts it."),
  creationTimestamp: field(TIME, "When the object was created (RFC 3339, UTC). Set by the server."),
  deletionTimestamp: field(TIME, "When deletion was asked for. Set by the server."),
  deletionGracePeriodSeconds: pointer(INT64, "Seconds the object had to end gracefully. Set by the server."),
  labels: field(mapOf(STRING), "Keys and values by which objects are selected."),
  annotations: field(mapOf(STRING), "Keys and values of any size, not selectable."),
  ownerReferences: field(mapListOf(OWNER_REFERENCE, ["uid"], "uid"), "Objects that own this one."),
  finalizers: field(setOf(STRING), "Names that have to be removed before the object is gone."),
  managedFields: field(atomicListOf(MANAGED_FIELDS_ENTRY), "Which manager owns which fields."),
});

/** The members that every kind begins with. */
export const TYPE_FIELDS: Readonly<Record<string, Field>> = {
  kind: field(STRING, "Kind of the object."),
  apiVersion: field(STRING, "Version of the schema that the object is written in."),
  metadata: always(OBJECT_META, "Standard object's metadata."),
};

const CONDITION_DOC = "One aspect of an object's state.";

/** meta/v1 Condition, as Service status has it. */
export const CONDITION = object(`${META}.Condition`, CONDITION_DOC, {
  type: required(STRING, "Type of the condition."),
  status: required(STRING, "True, False or Unknown."),
  observedGeneration: field(INT64, "Generation that the condition was set on."),
  lastTransitionTime: required(TIME, "When the status last changed."),
  reason: required(STRING, "Why, as one CamelCase word."),
  message: required(STRING, "Why, for people."),
});

const PRECONDITIONS = object(`${META}.Preconditions`, "What must hold for a deletion.", {
  uid: pointer(STRING, "The object's UID."),
  resourceVersion: pointer(STRING, "The object's resource version."),
});

/** The body of a DELETE. */
export const DELETE_OPTIONS = object(`${META}.DeleteOptions`, "Options of a deletion.", {
  kind: field(STRING, "Kind of the object."),
  apiVersion: field(STRING, "Version of the schema that the object is written in."),
  gracePeriodSeconds: pointer(INT64, "Seconds to end gracefully; zero is at once."),
  preconditions: field(PRECONDITIONS, "What must hold, else 409."),
  orphanDependents: pointer(BOOLEAN, "Deprecated: use propagationPolicy."),
  propagationPolicy: pointer(STRING, "Orphan, Background or Foreground."),
  dryRun: field(atomicListOf(STRING), "All, or absent."),
});

/** The metadata of a list. */
export const LIST_META = object(`${META}.ListMeta`, "What every list carries.", {
  selfLink: field(STRING, "No longer set by the server."),
  resourceVersion: field(STRING, "Revision that the list was read at."),
  continue: field(STRING, "Where the next page begins; empty on the last one."),
  remainingItemCount: pointer(INT64, "How many objects follow this page."),
});

const STATUS_CAUSE = object(`${META}.StatusCause`, "One reason behind a Status.", {
  reason: field(STRING, "Why, as one CamelCase word."),
  message: field(STRING, "Why, for people."),
  field: field(STRING, "Path of the member that is at fault."),
});

/** The answer of a request that gives no object. */
export const STATUS = object(`${META}.Status`, "The outcome of a request that gives no object.", {
  kind: field(STRING, "Kind of the object."),
  apiVersion: field(STRING, "Version of the schema that the object is written in."),
  metadata: field(LIST_META, "Standard list metadata."),
  status: field(STRING, "Success or Failure."),
  message: field(STRING, "What happened, for people."),
  reason: field(STRING, "Why, as one CamelCase word."),
  details: pointer(
    object(`${META}.StatusDetails`, "What a Status is about.", {
      name: field(STRING, "Name of the object."),
      group: field(STRING, "API group of the object."),
      kind: field(STRING, "Kind or resource of the object."),
      uid: field(STRING, "UID of the object."),
      causes: field(atomicListOf(STATUS_CAUSE), "The reasons."),
      retryAfterSeconds: field(INT64, "When to try again."),
    }),
    "What it is about.",
  ),
  code: field(INT64, "The HTTP status code."),
});
