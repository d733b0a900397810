import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { KubeObject } from "./objects.ts";

/** A type of Kubernetes' OpenAPI v2 document, with what that document uses of the language. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

export type Definitions = Readonly<Record<string, Schema>>;

const file = process.env.HOTROUTE_OPENAPI ?? "";

/** For a test's `skip`: why there are no definitions here, or false. */
export const skipWithoutDefinitions: string | false =
  file !== "" && existsSync(file)
    ? false
    : "no type definitions of Kubernetes: set HOTROUTE_OPENAPI to its OpenAPI v2 document (swagger.json, or swagger.json.xz)";

const readText = (): string => {
  if (!file.endsWith(".xz")) return readFileSync(file, "utf8");
  const { status, stdout, stderr } = spawnSync("xz", ["-dc", file], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`xz -dc ${file}: ${stderr}`);
  return stdout;
};

/** Reads the definitions. @throws Error where they cannot be read */
export const loadDefinitions = (): Definitions =>
  (JSON.parse(readText()) as { readonly definitions: Definitions }).definitions; // Kubernetes' own file

const refName = (ref: string): string => ref.replace("#/definitions/", "");
const typeName = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/** Quantity takes a number too; IntOrString says so by its format. */
const isScalarOk = (schema: Schema, name: string, value: unknown): boolean => {
  const { type = "object" } = schema;
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "number":
    case "boolean":
      return typeof value === type;
    case "string": {
      const isNumberToo = schema.format === "int-or-string" || name.endsWith(".Quantity");
      return typeof value === "string" || (isNumberToo && typeof value === "number");
    }
    case "object":
    case "array":
      return true;
  }
};

/** What in a value does not fit its type: an unknown field, a missing one, a value of another type. */
export const misfits = (definitions: Definitions, schema: Schema, value: unknown, path: string): readonly string[] => {
  const name = schema.$ref === undefined ? "" : refName(schema.$ref);
  const type = schema.$ref === undefined ? schema : definitions[name];
  if (type === undefined) return [`${path}: no definition ${name}`];
  const wanted = type.type ?? "object";
  if (!isScalarOk(type, name, value)) return [`${path}: ${typeName(value)} instead of ${wanted}`];
  if (wanted === "array") {
    if (!Array.isArray(value)) return [`${path}: ${typeName(value)} instead of array`];
    const { items } = type;
    return items === undefined
      ? []
      : value.flatMap((item, index) => misfits(definitions, items, item, `${path}[${index}]`));
  }
  if (wanted !== "object") return [];
  if (typeName(value) !== "object") return [`${path}: ${typeName(value)} instead of object`];
  const fields = value as Readonly<Record<string, unknown>>; // just seen to be one
  const missing = (type.required ?? [])
    .filter((field) => !(field in fields))
    .map((field) => `${path}.${field}: missing`);
  const inFields = Object.entries(fields).flatMap(([field, inner]) => {
    const fieldSchema = type.properties?.[field] ?? type.additionalProperties;
    if (fieldSchema !== undefined) return misfits(definitions, fieldSchema, inner, `${path}.${field}`);
    // A type without any field stands for any object (RawExtension, FieldsV1).
    return type.properties === undefined ? [] : [`${path}.${field}: unknown field`];
  });
  return [...missing, ...inFields];
};

/** What in an object does not fit its kind. */
export const misfitsOf = (definitions: Definitions, object: KubeObject): readonly string[] => {
  const [version = "", group = ""] = object.apiVersion.split("/").reverse();
  const isKind = (schema: Schema): boolean =>
    (schema["x-kubernetes-group-version-kind"] ?? []).some(
      (known) => known.kind === object.kind && known.version === version && known.group === group,
    );
  const found = Object.values(definitions).find(isKind);
  const path = `${object.kind} ${object.metadata?.name}`;
  return found === undefined ? [`${path}: no kind of ${object.apiVersion}`] : misfits(definitions, found, object, path);
};
