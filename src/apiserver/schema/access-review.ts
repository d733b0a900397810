import { OBJECT_META } from "./meta.ts";
import { field, type ObjectSchema, object, pointer, STRING } from "./schema.ts";

const AUTHORIZATION = "io.k8s.api.authorization.v1";

const RESOURCE_ATTRIBUTES = object(`${AUTHORIZATION}.ResourceAttributes`, "A request for a resource.", {
  namespace: field(STRING, "Namespace of the request."),
  verb: field(STRING, "Verb of the request."),
  group: field(STRING, "API group of the resource."),
  version: field(STRING, "Version of the resource."),
  resource: field(STRING, "The resource."),
  subresource: field(STRING, "The subresource."),
  name: field(STRING, "Name of the object."),
});

const NON_RESOURCE_ATTRIBUTES = object(`${AUTHORIZATION}.NonResourceAttributes`, "A request for a path.", {
  path: field(STRING, "Path of the request."),
  verb: field(STRING, "Verb of the request."),
});

const review = (kind: string, doc: string, spec: ObjectSchema): ObjectSchema =>
  object(`${AUTHORIZATION}.${kind}`, doc, {
    kind: field(STRING, "Kind of the object."),
    apiVersion: field(STRING, "Version of the schema that the object is written in."),
    metadata: field(OBJECT_META, "Standard object's metadata."),
    spec: field(spec, "What is asked."),
  });

/** authorization.k8s.io/v1: may I do this? */
export const SELF_SUBJECT_ACCESS_REVIEW = review(
  "SelfSubjectAccessReview",
  "Asks whether a request would be allowed.",
  object(`${AUTHORIZATION}.SelfSubjectAccessReviewSpec`, "The request that is asked about.", {
    resourceAttributes: pointer(RESOURCE_ATTRIBUTES, "A request for a resource."),
    nonResourceAttributes: pointer(NON_RESOURCE_ATTRIBUTES, "A request for a path."),
  }),
);

/** authorization.k8s.io/v1: what may I do? */
export const SELF_SUBJECT_RULES_REVIEW = review(
  "SelfSubjectRulesReview",
  "Asks what is allowed in a namespace.",
  object(`${AUTHORIZATION}.SelfSubjectRulesReviewSpec`, "The namespace that is asked about.", {
    namespace: field(STRING, "Namespace."),
  }),
);
