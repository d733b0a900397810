import { isList, isObject, type Json, type JsonObject, parseJson } from "../json.ts";
import type { ObjectSchema, Schema } from "../schema/schema.ts";
import { FIELD_NUMBERS } from "./numbers.ts";
import { type Fields, type FieldValue, readFields } from "./wire.ts";

/** What Kubernetes' clients send and ask for, beside JSON. */
export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

/** Every body begins with these bytes, and then holds a runtime.Unknown. */
const MAGIC = Buffer.from("k8s\0");

const bytesOf = (value: FieldValue | undefined): Buffer => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));
const numberOf = (value: FieldValue | undefined): number => (typeof value === "bigint" ? Number(value) : 0);
const lastOf = (fields: Fields, number: number): FieldValue | undefined =>
  fields.findLast(([candidate]) => candidate === number)?.[1];

/** Seconds and nanoseconds since the epoch; an empty message is no time at all. */
const decodeTime = (value: FieldValue, fractionDigits: 0 | 6): Json => {
  const fields = readFields(bytesOf(value));
  if (fields.length === 0) return null;
  const seconds = new Date(numberOf(lastOf(fields, 1)) * 1000).toISOString().slice(0, 19);
  if (fractionDigits === 0) return `${seconds}Z`;
  const micros = Math.floor(numberOf(lastOf(fields, 2)) / 1000);
  return `${seconds}.${String(micros).padStart(6, "0")}Z`;
};

const decodeIntOrString = (value: FieldValue): Json => {
  const fields = readFields(bytesOf(value));
  const isText = numberOf(lastOf(fields, 1)) === 1;
  return isText ? bytesOf(lastOf(fields, 3)).toString("utf8") : numberOf(lastOf(fields, 2));
};

const decodeValue = (schema: Schema, value: FieldValue): Json => {
  switch (schema.kind) {
    case "string":
      return bytesOf(value).toString("utf8");
    case "boolean":
      return numberOf(value) !== 0;
    case "int32":
    case "int64":
      return numberOf(value);
    case "time":
      return decodeTime(value, 0);
    case "microTime":
      return decodeTime(value, 6);
    case "intOrString":
      return decodeIntOrString(value);
    case "any":
      // FieldsV1: JSON within a message of one field.
      return parseJson(bytesOf(lastOf(readFields(bytesOf(value)), 1)).toString("utf8"));
    case "object":
      return decodeMessage(schema, bytesOf(value));
    case "list":
      return [decodeValue(schema.items, value)];
    case "map": {
      const entry = readFields(bytesOf(value));
      const key = bytesOf(lastOf(entry, 1)).toString("utf8");
      return Object.fromEntries([[key, decodeValue(schema.values, lastOf(entry, 2) ?? Buffer.alloc(0))]]);
    }
  }
};

/** A list's and a map's entries stand one by one. */
const joined = (schema: Schema, known: Json | undefined, value: Json): Json => {
  if (schema.kind === "list" && isList(known) && isList(value)) return [...known, ...value];
  return schema.kind === "map" && isObject(known) && isObject(value) ? { ...known, ...value } : value;
};

const decodeMessage = (schema: ObjectSchema, message: Buffer): JsonObject => {
  const numbers = FIELD_NUMBERS[schema.name] ?? {};
  const members = new Map<string, Json>();
  for (const [number, value] of readFields(message)) {
    const name = numbers[number];
    const field = name === undefined ? undefined : schema.fields[name];
    if (name === undefined || field === undefined) continue;
    members.set(name, joined(field.schema, members.get(name), decodeValue(field.schema, value)));
  }
  return Object.fromEntries(members);
};

/**
 * Reads a body in Kubernetes' protobuf encoding as the JSON it stands for, with kind and apiVersion.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 * @throws SyntaxError where it is none
 */
export const decodeProtobuf = (schema: ObjectSchema, body: Buffer): JsonObject => {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw new SyntaxError("the body lacks the prefix k8s\\0");
  try {
    const unknown = readFields(body.subarray(MAGIC.length));
    const type = readFields(bytesOf(lastOf(unknown, 1)));
    return {
      kind: bytesOf(lastOf(type, 2)).toString("utf8"),
      apiVersion: bytesOf(lastOf(type, 1)).toString("utf8"),
      ...decodeMessage(schema, bytesOf(lastOf(unknown, 2))),
    };
  } catch (error) {
    throw new SyntaxError(`not protobuf: ${error instanceof Error ? error.message : "malformed"}`, { cause: error });
  }
};
