import { isObject, type JsonObject } from "../json.ts";
import { apiVersionOf, type Resource } from "../resources/resource.ts";
import { definitionsOf, type Reference } from "./definitions.ts";
import { type Operation, type Parameter, pathsOf } from "./operations.ts";
import { answerName, bodyName, operationExtensions } from "./v2.ts";

const pointerTo = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** A reference with a description beside it needs a wrapper: version 3.0 ignores what stands beside `$ref`. */
const reference: Reference = (name) => ({ allOf: [pointerTo(name)] });

const parameterJson = ({ name, in: place, type, doc }: Parameter): JsonObject => ({
  name,
  in: place,
  description: doc,
  ...(place === "path" ? { required: true } : {}),
  schema: { type, uniqueItems: true },
});

const content = (types: readonly string[], schema: JsonObject): JsonObject =>
  Object.fromEntries(types.map((type) => [type, { schema }]));

const operationJson = (resource: Resource, operation: Operation): JsonObject => {
  const body = bodyName(resource, operation.body);
  const schema = body === null ? { type: "object" } : pointerTo(body);
  const answer = pointerTo(answerName(resource, operation.answer));
  return {
    operationId: operation.id,
    parameters: operation.parameters.map(parameterJson),
    ...(operation.body === null ? {} : { requestBody: { content: content(operation.consumes, schema) } }),
    responses: {
      "200": { description: "OK", content: content(["application/json", "application/yaml"], answer) },
    },
    ...operationExtensions(resource, operation.action),
  };
};

/** Items of a list refer without a wrapper: nothing stands beside them. */
const unwrapItems = (definition: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(definition).map(([key, value]) => {
      if (!isObject(value)) return [key, value];
      const wrapped = key === "items" || key === "additionalProperties" ? value.allOf : undefined;
      const [only] = Array.isArray(wrapped) ? wrapped : [];
      return [key, isObject(only) ? only : unwrapItems(value)];
    }),
  );

/** The OpenAPI v3 document of one API version, such as "v1" or "events.k8s.io/v1". */
export const openApiV3 = (all: readonly Resource[], apiVersion: string, version: string): JsonObject | null => {
  const resources = all.filter((resource) => apiVersionOf(resource) === apiVersion);
  if (resources.length === 0) return null;
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version },
    paths: Object.fromEntries(
      resources.flatMap(pathsOf).map(({ path, resource, operations, pathParameters }): [string, JsonObject] => [
        path,
        {
          ...Object.fromEntries(operations.map((operation) => [operation.method, operationJson(resource, operation)])),
          ...(pathParameters.length > 0 ? { parameters: pathParameters.map(parameterJson) } : {}),
        },
      ]),
    ),
    components: { schemas: unwrapItems(definitionsOf(resources, reference)) },
  };
};

/** The path below `/openapi/v3/` of each API version. */
export const v3Paths = (resources: readonly Resource[]): readonly string[] => [
  ...new Set(
    resources.map((resource) =>
      resource.name.group === "" ? `api/${resource.version}` : `apis/${apiVersionOf(resource)}`,
    ),
  ),
];
