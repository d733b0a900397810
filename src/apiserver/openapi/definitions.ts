import type { JsonObject } from "../json.ts";
import type { Resource } from "../resources/resource.ts";
import { DELETE_OPTIONS, LIST_META, STATUS } from "../schema/meta.ts";
import {
  atomicListOf,
  type Field,
  field,
  type ListSchema,
  type ObjectSchema,
  object,
  required,
  type Schema,
  STRING,
} from "../schema/schema.ts";

/** How one version of OpenAPI refers to a definition. */
export type Reference = (name: string) => JsonObject;

const listExtensions = (schema: ListSchema): JsonObject => ({
  ...(schema.patch === null
    ? {}
    : {
        "x-kubernetes-patch-strategy": "merge",
        ...(schema.patch.mergeKey === null ? {} : { "x-kubernetes-patch-merge-key": schema.patch.mergeKey }),
      }),
  "x-kubernetes-list-type": schema.listType.kind,
  ...(schema.listType.kind === "map" ? { "x-kubernetes-list-map-keys": [...schema.listType.keys] } : {}),
});

const typeSchema = (schema: Schema, reference: Reference): JsonObject => {
  switch (schema.kind) {
    case "string":
      return { type: "string" };
    case "boolean":
      return { type: "boolean" };
    case "int32":
    case "int64":
      return { type: "integer", format: schema.kind };
    case "time":
    case "microTime":
      return { type: "string", format: "date-time" };
    case "intOrString":
      return { type: "string", format: "int-or-string" };
    case "any":
      return { type: "object" };
    case "object":
      return reference(schema.name);
    case "map":
      return {
        type: "object",
        additionalProperties: typeSchema(schema.values, reference),
        ...(schema.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
      };
    case "list":
      return { type: "array", items: typeSchema(schema.items, reference), ...listExtensions(schema) };
  }
};

const fieldSchema = ({ schema, doc, keyDefault }: Field, reference: Reference): JsonObject => ({
  description: doc,
  ...typeSchema(schema, reference),
  ...(keyDefault === undefined ? {} : { default: keyDefault }),
});

const definition = (schema: ObjectSchema, reference: Reference): JsonObject => {
  const fields = Object.entries(schema.fields);
  const needed = fields.filter(([, one]) => one.required).map(([name]) => name);
  return {
    description: schema.doc,
    type: "object",
    properties: Object.fromEntries(fields.map(([name, one]) => [name, fieldSchema(one, reference)])),
    ...(needed.length > 0 ? { required: needed } : {}),
    ...(schema.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
  };
};

const innerOf = (schema: Schema): readonly Schema[] => {
  switch (schema.kind) {
    case "object":
      return Object.values(schema.fields).map((one) => one.schema);
    case "map":
      return [schema.values];
    case "list":
      return [schema.items];
    case "string":
    case "boolean":
    case "int32":
    case "int64":
    case "time":
    case "microTime":
    case "intOrString":
    case "any":
      return [];
  }
};

const collect = (schema: Schema, found: Map<string, ObjectSchema>): void => {
  if (schema.kind === "object") {
    if (found.has(schema.name)) return;
    found.set(schema.name, schema);
  }
  for (const inner of innerOf(schema)) collect(inner, found);
};

/** The list kind of a resource. */
export const listSchema = ({ schema, kind }: Resource): ObjectSchema =>
  object(`${schema.name}List`, `A list of ${kind} objects.`, {
    kind: field(STRING, "Kind of the object."),
    apiVersion: field(STRING, "Version of the schema that the object is written in."),
    metadata: field(LIST_META, "Standard list metadata."),
    items: required(atomicListOf(schema), "The objects."),
  });

const kindExtension = (group: string, version: string, kind: string): JsonObject => ({
  "x-kubernetes-group-version-kind": [{ group, version, kind }],
});

/** All definitions that these resources need, by name, each kind marked with its group and version. */
export const definitionsOf = (resources: readonly Resource[], reference: Reference): JsonObject => {
  const found = new Map<string, ObjectSchema>();
  const kinds = new Map<string, JsonObject>([
    [STATUS.name, kindExtension("", "v1", "Status")],
    [DELETE_OPTIONS.name, kindExtension("", "v1", "DeleteOptions")],
  ]);
  for (const resource of resources) {
    const list = listSchema(resource);
    collect(list, found);
    const { name, version, kind, schema } = resource;
    kinds.set(schema.name, kindExtension(name.group, version, kind));
    kinds.set(list.name, kindExtension(name.group, version, `${kind}List`));
  }
  for (const schema of [STATUS, DELETE_OPTIONS]) collect(schema, found);
  const entries = [...found.values()].map((schema): [string, JsonObject] => [
    schema.name,
    { ...definition(schema, reference), ...kinds.get(schema.name) },
  ]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
};
