import { forbiddenField, invalidValue, requiredValue, tooLong } from "../invalid.ts";
import { equalJson, type JsonObject, listAt, objectAt, stringAt, withMember } from "../json.ts";
import type { Cause } from "../status.ts";
import { labelKeyProblems, labelValueProblems } from "./names.ts";

const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** Problems of a set of labels at a path. */
export const validateLabels = (labels: JsonObject, path: string): readonly Cause[] =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyProblems(key).map((why) => invalidValue(path, key, why)),
    ...labelValueProblems(String(value)).map((why) => invalidValue(path, value, why)),
  ]);

const validateAnnotations = (annotations: JsonObject): readonly Cause[] => {
  const path = "metadata.annotations";
  // Keys are compared without case here: an annotation's prefix may be written in upper case.
  const keys = Object.keys(annotations).flatMap((key) =>
    labelKeyProblems(key.toLowerCase()).map((why) => invalidValue(path, key, why)),
  );
  const size = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  return size > MAX_ANNOTATIONS_BYTES ? [...keys, tooLong(path, MAX_ANNOTATIONS_BYTES)] : keys;
};

const validateFinalizers = (metadata: JsonObject): readonly Cause[] =>
  listAt(metadata, "finalizers").flatMap((finalizer) => {
    const name = String(finalizer);
    const syntax = labelKeyProblems(name).map((why) => invalidValue("metadata.finalizers", name, why));
    if (syntax.length > 0 || name.includes("/") || STANDARD_FINALIZERS.includes(name)) return syntax;
    return [
      invalidValue(
        "metadata.finalizers[0]",
        name,
        "name is neither a standard finalizer name nor is it fully qualified",
      ),
    ];
  });

const STANDARD_FINALIZERS: readonly string[] = ["kubernetes", "orphan", "foregroundDeletion"];

const validateOwners = (metadata: JsonObject): readonly Cause[] =>
  listAt(metadata, "ownerReferences").flatMap((owner, index) => {
    const path = `metadata.ownerReferences[${index}]`;
    return ["apiVersion", "kind", "name", "uid"].flatMap((member) =>
      stringAt(owner, member) === "" ? [invalidValue(`${path}.${member}`, "", "must not be empty")] : [],
    );
  });

/** Problems of an object's metadata. `validateName` belongs to the resource. */
export const validateMetadata = (
  object: JsonObject,
  validateName: (name: string) => readonly string[],
): readonly Cause[] => {
  const metadata = objectAt(object, "metadata");
  const [name, generateName] = [stringAt(metadata, "name"), stringAt(metadata, "generateName")];
  // A prefix may end in a character that a whole name may not end in.
  const prefix = generateName.replace(/[-.]$/, "a");
  return [
    ...(generateName === "" ? [] : validateName(prefix)).map((why) =>
      invalidValue("metadata.generateName", generateName, why),
    ),
    ...(name === ""
      ? [requiredValue("metadata.name", "name or generateName is required")]
      : validateName(name).map((why) => invalidValue("metadata.name", name, why))),
    ...validateLabels(objectAt(metadata, "labels"), "metadata.labels"),
    ...validateAnnotations(objectAt(metadata, "annotations")),
    ...validateOwners(metadata),
    ...validateFinalizers(metadata),
  ];
};

const IMMUTABLE = ["name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;

/** Problems of a change of metadata; `object` has already got back what a client may leave out. */
export const validateMetadataUpdate = (object: JsonObject, old: JsonObject): readonly Cause[] => {
  const [now, before] = [objectAt(object, "metadata"), objectAt(old, "metadata")];
  const added = listAt(now, "finalizers").filter((one) => !listAt(before, "finalizers").includes(one));
  const deleting = stringAt(before, "deletionTimestamp") !== "";
  return [
    ...IMMUTABLE.flatMap((member) =>
      equalJson(now[member], before[member])
        ? []
        : [invalidValue(`metadata.${member}`, now[member], "field is immutable")],
    ),
    ...(deleting && added.length > 0
      ? [
          forbiddenField(
            "metadata.finalizers",
            `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`,
          ),
        ]
      : []),
  ];
};

/** An update's object with the metadata that only the server sets, as the old object has it. */
export const keepServerMetadata = (object: JsonObject, old: JsonObject): JsonObject => {
  const [now, before] = [objectAt(object, "metadata"), objectAt(old, "metadata")];
  let metadata = withMember(now, "creationTimestamp", before.creationTimestamp);
  for (const member of ["uid", "deletionTimestamp", "deletionGracePeriodSeconds", "namespace"]) {
    if (metadata[member] === undefined) metadata = withMember(metadata, member, before[member]);
  }
  return { ...object, metadata };
};
