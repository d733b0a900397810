import { parseDocument } from "yaml";
import { isObject, type Json, type JsonObject, parseJson, without } from "./json.ts";
import { decodeProtobuf, PROTOBUF_TYPE } from "./protobuf/decode.ts";
import { apiVersionOf, type Resource } from "./resources/resource.ts";
import { decode } from "./schema/decode.ts";
import { duplicateKeys } from "./schema/duplicate-keys.ts";
import type { ObjectSchema } from "./schema/schema.ts";
import { badRequest } from "./status.ts";
import type { WriteOptions } from "./write-options.ts";

/** A request's body as it came. */
export interface Body {
  /** The media type without parameters, in lower case; "" where none was given. */
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** What came, and members that stand in it twice. */
export interface ParsedBody {
  readonly value: Json;
  readonly duplicates: readonly string[];
}

const YAML_OPTIONS = { version: "1.1", uniqueKeys: false, maxAliasCount: 100, logLevel: "silent" } as const;

const parseYaml = (text: string): Json => {
  const document = parseDocument(text, YAML_OPTIONS);
  const [problem] = document.errors;
  if (problem !== undefined) throw new SyntaxError(problem.message);
  // Through JSON: what YAML knows beyond it (dates, binary) becomes what JSON can say.
  return parseJson(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null));
};

/**
 * Parses JSON, YAML, or Kubernetes' protobuf encoding of that type.
 * @throws SyntaxError
 */
export const parseBody = ({ mediaType, bytes }: Body, schema: ObjectSchema): ParsedBody => {
  if (mediaType === PROTOBUF_TYPE) return { value: decodeProtobuf(schema, bytes), duplicates: [] };
  const text = bytes.toString("utf8");
  const isYaml = mediaType.endsWith("yaml");
  // JSON is YAML too, and its parser is a hundred times faster.
  if (isYaml && !text.trimStart().startsWith("{")) return { value: parseYaml(text), duplicates: [] };
  try {
    return { value: parseJson(text), duplicates: duplicateKeys(text) };
  } catch (error) {
    if (isYaml) return { value: parseYaml(text), duplicates: [] };
    throw error;
  }
};

const DECODED_ELSEWHERE = ["kind", "apiVersion"] as const;

/** Refuses, or warns of, members that the type does not have or that stand there twice. */
const checkStrictly = (resource: Resource, problems: readonly string[], options: WriteOptions): void => {
  if (problems.length === 0 || options.fieldValidation === "Ignore") return;
  if (options.fieldValidation === "Warn") {
    for (const problem of problems) options.warn(problem);
    return;
  }
  throw badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${problems.join(", ")}`,
  );
};

/** Reads a value as an object of the resource's version; kind and apiVersion may be left out, and are dropped. */
export const decodeAs = (
  resource: Resource,
  value: Json,
  duplicates: readonly string[],
  options: WriteOptions,
): JsonObject => {
  const { kind, version } = resource;
  const { object, unknown } = decode(resource.schema, kind, version, value);
  const wanted = { kind, apiVersion: apiVersionOf(resource) };
  const given = { kind: object.kind ?? kind, apiVersion: object.apiVersion ?? wanted.apiVersion };
  if (given.kind !== wanted.kind || given.apiVersion !== wanted.apiVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}, Kind=${given.kind}) does not match the expected API version (${wanted.apiVersion}, Kind=${wanted.kind})`,
    );
  }
  const problems = [
    ...unknown.map((path) => `unknown field "${path}"`),
    ...duplicates.map((path) => `duplicate field "${path}"`),
  ];
  checkStrictly(resource, problems, options);
  return without(object, ...DECODED_ELSEWHERE);
};

/** Reads a whole object from a body. @throws ApiError 400 */
export const readObject = (resource: Resource, body: Body, options: WriteOptions): JsonObject => {
  const parsed = parsedOr400(resource, body);
  if (!isObject(parsed.value)) {
    const got = Array.isArray(parsed.value) ? "array" : parsed.value === null ? "null" : typeof parsed.value;
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${got} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  return decodeAs(resource, parsed.value, parsed.duplicates, options);
};

const parsedOr400 = (resource: Resource, body: Body): ParsedBody => {
  try {
    return parseBody(body, resource.schema);
  } catch (error) {
    const why = error instanceof Error ? error.message : "not JSON";
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error: ${why}`,
    );
  }
};
