import { type JsonObject, listAt, objectAt, stringAt } from "../json.ts";
import { NAMESPACE } from "../schema/namespace.ts";
import { NAMESPACE_COLUMNS } from "../table-columns.ts";
import { dns1123LabelProblems } from "./names.ts";
import type { Resource } from "./resource.ts";

/** Set on every namespace, so that selectors can name it. */
const NAME_LABEL = "kubernetes.io/metadata.name";

const withNameLabel = (object: JsonObject): JsonObject => {
  const metadata = objectAt(object, "metadata");
  const name = stringAt(metadata, "name");
  // A namespace from generateName has no name yet when defaults are set; it gets its label on creation.
  if (name === "") return object;
  return { ...object, metadata: { ...metadata, labels: { ...objectAt(metadata, "labels"), [NAME_LABEL]: name } } };
};

const withActivePhase = (object: JsonObject): JsonObject => {
  const status = objectAt(object, "status");
  return stringAt(status, "phase") === "" ? { ...object, status: { ...status, phase: "Active" } } : object;
};

/** core/v1 Namespaces. */
export const NAMESPACE_RESOURCE: Resource = {
  name: { group: "", plural: "namespaces" },
  version: "v1",
  kind: "Namespace",
  singular: "namespace",
  shortNames: ["ns"],
  categories: [],
  namespaced: false,
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  subresources: [
    { name: "finalize", verbs: ["update"] },
    { name: "status", verbs: ["get", "patch", "update"] },
  ],
  schema: NAMESPACE,
  storageSchema: NAMESPACE,
  storage: "namespaces",
  fromStored: (object) => object,
  toStored: (object) => object,
  strategy: {
    defaults: (object) => withActivePhase(withNameLabel(object)),
    prepareForCreate: (object) => {
      const finalizers = listAt(objectAt(object, "spec"), "finalizers");
      const all = finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"];
      return withNameLabel({ ...object, spec: { finalizers: all }, status: { phase: "Active" } });
    },
    prepareForUpdate: (object, old) => ({ ...object, spec: old.spec ?? {}, status: old.status ?? {} }),
    validate: () => [],
    validateName: dns1123LabelProblems,
    allocate: (object) => object,
    recorded: () => {},
  },
  selectableFields: ["metadata.name", "metadata.namespace", "name", "status.phase"],
  fieldValue: (object, field) => {
    if (field === "name") return stringAt(objectAt(object, "metadata"), "name");
    const [section = "", member = ""] = field.split(".");
    return stringAt(objectAt(object, section), member);
  },
  unsupportedField: (field) => `field label not supported: ${field}`,
  columns: NAMESPACE_COLUMNS,
};
