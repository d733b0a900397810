import type { Json, JsonObject } from "../json.ts";
import type { Resource } from "../resources/resource.ts";
import { DELETE_OPTIONS, STATUS } from "../schema/meta.ts";
import { definitionsOf, listSchema, type Reference } from "./definitions.ts";
import { type Operation, type Parameter, pathsOf } from "./operations.ts";

const reference: Reference = (name) => ({ $ref: `#/definitions/${name}` });

const parameterJson = ({ name, in: place, type, doc }: Parameter): JsonObject => ({
  uniqueItems: true,
  type,
  description: doc,
  name,
  in: place,
  ...(place === "path" ? { required: true } : {}),
});

/** The definition that a body or an answer holds. */
export const bodyName = (resource: Resource, body: Operation["body"]): string | null => {
  switch (body) {
    case null:
      return null;
    case "object":
      return resource.schema.name;
    case "deleteOptions":
      return DELETE_OPTIONS.name;
    case "patch":
      return null;
  }
};

export const answerName = (resource: Resource, answer: Operation["answer"]): string => {
  switch (answer) {
    case "object":
      return resource.schema.name;
    case "list":
      return listSchema(resource).name;
    case "status":
      return STATUS.name;
  }
};

/** What Kubernetes adds to an operation, so that clients find it by kind. */
export const operationExtensions = ({ name, version, kind }: Resource, action: string): JsonObject => ({
  "x-kubernetes-action": action,
  "x-kubernetes-group-version-kind": { group: name.group, version, kind },
});

const operationJson = (resource: Resource, operation: Operation): JsonObject => {
  const body = bodyName(resource, operation.body);
  const bodyParameter: readonly Json[] =
    operation.body === null
      ? []
      : [
          {
            name: "body",
            in: "body",
            required: operation.body !== "deleteOptions",
            schema: body === null ? { type: "object" } : reference(body),
          },
        ];
  return {
    operationId: operation.id,
    consumes: [...operation.consumes],
    produces: ["application/json", "application/yaml"],
    parameters: [...bodyParameter, ...operation.parameters.map(parameterJson)],
    responses: { "200": { description: "OK", schema: reference(answerName(resource, operation.answer)) } },
    ...operationExtensions(resource, operation.action),
  };
};

/** The OpenAPI v2 (Swagger) document of all resources. */
export const openApiV2 = (resources: readonly Resource[], version: string): JsonObject => ({
  swagger: "2.0",
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
  definitions: definitionsOf(resources, reference),
});
