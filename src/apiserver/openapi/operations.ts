import { apiVersionOf, type Resource, type Verb } from "../resources/resource.ts";

/** A parameter in a query or path. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly type: "string" | "boolean" | "integer";
  readonly doc: string;
}

/** One method of one path. */
export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly id: string;
  /** As `x-kubernetes-action` names it. */
  readonly action: string;
  readonly consumes: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly answer: "object" | "list" | "status";
  readonly body: "object" | "patch" | "deleteOptions" | null;
}

export interface PathOperations {
  readonly path: string;
  readonly resource: Resource;
  readonly pathParameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

const query = (name: string, type: Parameter["type"], doc: string): Parameter => ({ name, in: "query", type, doc });
const inPath = (name: string, doc: string): Parameter => ({ name, in: "path", type: "string", doc });

const DRY_RUN = query("dryRun", "string", "All: do everything except storing.");
const MANAGER = query("fieldManager", "string", "Who writes, for managedFields.");
const VALIDATION = query("fieldValidation", "string", "Ignore, Warn or Strict: what becomes of unknown members.");
const FORCE = query("force", "boolean", "Take fields from other managers.");

const LIST: readonly Parameter[] = [
  query("labelSelector", "string", "Selects by labels."),
  query("fieldSelector", "string", "Selects by fields."),
  query("limit", "integer", "Largest number of objects on a page."),
  query("continue", "string", "Where the page begins."),
  query("resourceVersion", "string", "Revision to read at, or to watch from."),
  query("resourceVersionMatch", "string", "Exact or NotOlderThan."),
  query("timeoutSeconds", "integer", "Ends the request."),
  query("watch", "boolean", "Stream changes."),
  query("allowWatchBookmarks", "boolean", "Send bookmarks among the changes."),
  query("sendInitialEvents", "boolean", "Begin a watch with what is there."),
];

const DELETE: readonly Parameter[] = [
  DRY_RUN,
  query("gracePeriodSeconds", "integer", "Seconds to end gracefully."),
  query("propagationPolicy", "string", "Orphan, Background or Foreground."),
];

const PATCHES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

interface Shape {
  readonly method: Operation["method"];
  readonly action: string;
  readonly onItem: boolean;
  readonly parameters: readonly Parameter[];
  readonly answer: Operation["answer"];
  readonly body: Operation["body"];
}

const SHAPES: Readonly<Partial<Record<Verb, Shape>>> = {
  list: { method: "get", action: "list", onItem: false, parameters: LIST, answer: "list", body: null },
  create: {
    method: "post",
    action: "post",
    onItem: false,
    parameters: [DRY_RUN, MANAGER, VALIDATION],
    answer: "object",
    body: "object",
  },
  deletecollection: {
    method: "delete",
    action: "deletecollection",
    onItem: false,
    parameters: [...DELETE, ...LIST.slice(0, 4)],
    answer: "status",
    body: "deleteOptions",
  },
  get: { method: "get", action: "get", onItem: true, parameters: [], answer: "object", body: null },
  update: {
    method: "put",
    action: "put",
    onItem: true,
    parameters: [DRY_RUN, MANAGER, VALIDATION],
    answer: "object",
    body: "object",
  },
  patch: {
    method: "patch",
    action: "patch",
    onItem: true,
    parameters: [DRY_RUN, MANAGER, VALIDATION, FORCE],
    answer: "object",
    body: "patch",
  },
  delete: {
    method: "delete",
    action: "delete",
    onItem: true,
    parameters: DELETE,
    answer: "status",
    body: "deleteOptions",
  },
};

const operationsFor = (verbs: readonly Verb[], onItem: boolean, suffix: string): readonly Operation[] =>
  verbs.flatMap((verb): readonly Operation[] => {
    const shape = SHAPES[verb];
    if (shape === undefined || shape.onItem !== onItem) return [];
    const { method, action, parameters, answer, body } = shape;
    const consumes = body === "patch" ? PATCHES : ["*/*"];
    return [{ method, action, parameters, answer, body, consumes, id: `${action}${suffix}` }];
  });

const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const NAMESPACE = inPath("namespace", "Namespace of the objects.");
const NAME = inPath("name", "Name of the object.");

/** The paths of one resource and what can be done at each. */
export const pathsOf = (resource: Resource): readonly PathOperations[] => {
  const { name, kind, namespaced, verbs, subresources } = resource;
  const root = name.group === "" ? "/api/v1" : `/apis/${apiVersionOf(resource)}`;
  const group = name.group === "" ? "Core" : pascal(name.group.split(".")[0] ?? "");
  const base = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${name.plural}`;
  const suffix = `${group}V1${namespaced ? "Namespaced" : ""}${kind}`;
  const scope = namespaced ? [NAMESPACE] : [];
  const everywhere: readonly PathOperations[] = namespaced
    ? [
        {
          path: `${root}/${name.plural}`,
          resource,
          pathParameters: [],
          operations: operationsFor(["list"], false, `${group}V1${kind}ForAllNamespaces`),
        },
      ]
    : [];
  return [
    ...everywhere,
    { path: base, resource, pathParameters: scope, operations: operationsFor(verbs, false, suffix) },
    {
      path: `${base}/{name}`,
      resource,
      pathParameters: [NAME, ...scope],
      operations: operationsFor(verbs, true, suffix),
    },
    ...subresources.map((subresource) => ({
      path: `${base}/{name}/${subresource.name}`,
      resource,
      pathParameters: [NAME, ...scope],
      operations: operationsFor(subresource.verbs, true, `${suffix}${pascal(subresource.name)}`),
    })),
  ];
};
