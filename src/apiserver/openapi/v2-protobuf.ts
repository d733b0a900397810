import { stringify } from "yaml";
import { isObject, type Json, type JsonObject, listAt, objectAt, stringAt } from "../json.ts";
import { booleanField, messageField, stringField } from "../protobuf/wire.ts";

/** What kubectl asks for, and versions up to 1.26 cannot do without. It is no media type that a client could parse. */
const V2_PROTOBUF_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/** What is answered. */
export const V2_PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

export const isV2Protobuf = (mediaType: string): boolean =>
  mediaType === V2_PROTOBUF_ASKED || mediaType === V2_PROTOBUF_TYPE;

/*
 * The messages of https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto. The numbers are theirs; maps are
 * lists of a name (1) and a value (2).
 */

const text = (number: number, object: JsonObject, member: string): readonly Buffer[] => {
  const value = stringAt(object, member);
  return value === "" ? [] : [stringField(number, value)];
};

const texts = (number: number, values: readonly Json[]): readonly Buffer[] =>
  values.map((value) => stringField(number, String(value)));

/** Any: the value as YAML. */
const any = (value: Json): Buffer => stringField(2, stringify(value));

/** NamedAny of every member that begins with x-. */
const extensions = (number: number, object: JsonObject): readonly Buffer[] =>
  Object.entries(object)
    .filter(([name]) => name.startsWith("x-"))
    .map(([name, value]) => messageField(number, stringField(1, name), messageField(2, any(value))));

const named = (
  number: number,
  entries: JsonObject,
  value: (object: JsonObject) => readonly Buffer[],
): readonly Buffer[] =>
  Object.entries(entries).flatMap(([name, object]) =>
    isObject(object) ? [messageField(number, stringField(1, name), messageField(2, ...value(object)))] : [],
  );

const schema = (object: JsonObject): readonly Buffer[] => {
  const { additionalProperties, items, properties } = object;
  return [
    ...text(1, object, "$ref"),
    ...text(2, object, "format"),
    ...text(4, object, "description"),
    ...(object.default === undefined ? [] : [messageField(5, any(object.default))]),
    ...texts(19, listAt(object, "required")),
    ...(isObject(additionalProperties) ? [messageField(21, messageField(1, ...schema(additionalProperties)))] : []),
    ...(stringAt(object, "type") === "" ? [] : [messageField(22, ...text(1, object, "type"))]),
    ...(isObject(items) ? [messageField(23, messageField(1, ...schema(items)))] : []),
    ...(isObject(properties) ? [messageField(25, ...named(1, properties, schema))] : []),
    ...extensions(31, object),
  ];
};

/** ParametersItem: a body, or a parameter of the query (3) or the path (4). */
const parameter = (number: number, object: JsonObject): Buffer => {
  const place = stringAt(object, "in");
  const isRequired = object.required === true ? [booleanField(place === "body" ? 4 : 1, true)] : [];
  if (place === "body") {
    const fields = [...text(2, object, "name"), ...text(3, object, "in"), ...isRequired];
    const body = messageField(1, ...fields, messageField(5, ...schema(objectAt(object, "schema"))));
    return messageField(number, messageField(1, body));
  }
  const [kind, typeNumber] = place === "query" ? [3, 6] : [4, 5];
  const fields = [
    ...isRequired,
    ...text(2, object, "in"),
    ...text(3, object, "description"),
    ...text(4, object, "name"),
    ...text(typeNumber, object, "type"),
  ];
  return messageField(number, messageField(1, messageField(2, messageField(kind, ...fields))));
};

const parameters = (number: number, object: JsonObject): readonly Buffer[] =>
  listAt(object, "parameters")
    .filter(isObject)
    .map((one) => parameter(number, one));

const response = (object: JsonObject): readonly Buffer[] => [
  messageField(
    1,
    ...text(1, object, "description"),
    messageField(2, messageField(1, ...schema(objectAt(object, "schema")))),
  ),
];

const operation = (object: JsonObject): readonly Buffer[] => [
  ...text(5, object, "operationId"),
  ...texts(6, listAt(object, "produces")),
  ...texts(7, listAt(object, "consumes")),
  ...parameters(8, object),
  messageField(9, ...named(1, objectAt(object, "responses"), response)),
  ...extensions(13, object),
];

const METHODS = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const;

const pathItem = (object: JsonObject): readonly Buffer[] => [
  ...Object.entries(METHODS).flatMap(([method, number]) => {
    const value = object[method];
    return isObject(value) ? [messageField(number, ...operation(value))] : [];
  }),
  ...parameters(9, object),
];

/** The OpenAPI v2 document in its protobuf form. */
export const encodeOpenApiV2 = (document: JsonObject): Buffer => {
  const info = objectAt(document, "info");
  return Buffer.concat([
    ...text(1, document, "swagger"),
    messageField(2, ...text(1, info, "title"), ...text(2, info, "version")),
    messageField(8, ...named(2, objectAt(document, "paths"), pathItem)),
    messageField(9, ...named(1, objectAt(document, "definitions"), schema)),
  ]);
};
