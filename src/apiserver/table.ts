import { type Json, type JsonObject, objectAt } from "./json.ts";

/** One column that `kubectl get` prints; a priority above 0 shows only with `-o wide`. */
export interface TableColumn {
  readonly name: string;
  readonly format: "" | "name";
  readonly description: string;
  readonly priority: 0 | 1;
  /** The cell of one object (in storage form) at a time in milliseconds since the epoch. */
  readonly cell: (object: JsonObject, nowMs: number) => Json;
}

/** Which part of an object a table's row carries. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** A row's source: the stored form for its cells, and the version that the client asked for. */
export interface TableRow {
  readonly stored: JsonObject;
  readonly view: JsonObject;
}

const columnDefinition = ({ name, format, description, priority }: TableColumn): JsonObject => ({
  name,
  type: "string",
  format,
  description,
  priority,
});

/** The object cut down to its metadata (meta.k8s.io/v1). */
export const partialObject = (view: JsonObject): JsonObject => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata: objectAt(view, "metadata"),
});

const rowObject = (view: JsonObject, include: IncludeObject): JsonObject => {
  switch (include) {
    case "None":
      return {};
    case "Metadata":
      return { object: partialObject(view) };
    case "Object":
      return { object: view };
  }
};

/**
 * A Table (meta.k8s.io/v1).
 * @param columns null leaves the definitions out, as later events of a watch do
 */
export const tableOf = (
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  metadata: JsonObject,
  options: { readonly include: IncludeObject; readonly nowMs: number; readonly withDefinitions: boolean },
): JsonObject => ({
  kind: "Table",
  apiVersion: "meta.k8s.io/v1",
  metadata,
  columnDefinitions: options.withDefinitions ? columns.map(columnDefinition) : null,
  rows: rows.map(({ stored, view }) => ({
    cells: columns.map((column) => column.cell(stored, options.nowMs)),
    ...rowObject(view, options.include),
  })),
});
