import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { Place } from "./place.ts";

/** Something that is wrong with a file as YAML. */
export interface Fault {
  readonly place: Place;
  readonly message: string;
}

/** One object of a file, and where its parts stand. */
export interface ManifestObject {
  readonly object: Readonly<Record<string, unknown>>;
  /** A `ServiceList`'s items need not say what they are. */
  readonly kind: string;
  readonly apiVersion: string;
  /** Where `metadata.name` stands, or the object begins. */
  readonly place: Place;
  /** Where a key of the labels or annotations stands; an annotation comes first. */
  readonly placeOf: (key: string) => Place | null;
  /** Labels and annotations that are no text to kubectl, whatever they look like. */
  readonly untyped: readonly UntypedValue[];
}

/** A label or annotation that was not written as text. */
export interface UntypedValue {
  readonly key: string;
  readonly source: string;
  readonly place: Place;
}

/** What a file holds. */
export interface Manifest {
  readonly objects: readonly ManifestObject[];
  readonly faults: readonly Fault[];
}

/** kubectl reads YAML 1.1, where these are booleans. Source: `resolve.go` of go-yaml v2. */
const yaml11Boolean = /^(?:y|yes|n|no|on|off|Y|Yes|YES|N|No|NO|On|ON|Off|OFF)$/;

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const asText = (value: unknown): string => (typeof value === "string" ? value : "");

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** One document, with the way from its nodes to places. */
class Locator {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #file: string | null;

  constructor(document: Document, lines: LineCounter, file: string | null) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
  }

  place(node: unknown): Place {
    const offset = (node as Node | null)?.range?.[0] ?? this.#document.contents?.range?.[0] ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** The pairs of a map that is reached by keys. */
  map(from: unknown, ...keys: readonly string[]): YAMLMap | null {
    let node = isAlias(from) ? from.resolve(this.#document) : from;
    for (const key of keys) {
      const next: unknown = isMap(node) ? node.get(key, true) : null;
      node = isAlias(next) ? next.resolve(this.#document) : next;
    }
    return isMap(node) ? node : null;
  }

  pair(map: YAMLMap | null, key: string) {
    return map?.items.find((item) => isScalar(item.key) && item.key.value === key) ?? null;
  }

  untyped(map: YAMLMap | null): readonly UntypedValue[] {
    return (map?.items ?? []).flatMap((item) => {
      const value = isAlias(item.value) ? item.value.resolve(this.#document) : item.value;
      // A merge key is a symbol; and the API server takes null for an empty text.
      if (!isScalar(item.key) || typeof item.key.value === "symbol" || value === null) return [];
      const isText =
        isScalar(value) &&
        (value.value === null ||
          (typeof value.value === "string" && !(value.type === "PLAIN" && yaml11Boolean.test(value.value))));
      if (isText) return [];
      return [
        {
          key: String(item.key.value),
          source: isScalar(value) ? (value.source ?? String(value.value)) : "a map or list",
          place: this.place(item.key),
        },
      ];
    });
  }
}

const describeObject = (locator: Locator, node: unknown, value: unknown, list: string): ManifestObject => {
  const object = asRecord(value);
  const annotations = locator.map(node, "metadata", "annotations");
  const labels = locator.map(node, "metadata", "labels");
  const name = locator.pair(locator.map(node, "metadata"), "name");
  return {
    object,
    kind: asText(object.kind) || (list === "ServiceList" ? "Service" : ""),
    apiVersion: asText(object.apiVersion) || (list === "ServiceList" ? "v1" : ""),
    place: locator.place(name?.key ?? node),
    placeOf: (key) => {
      const found = locator.pair(annotations, key) ?? locator.pair(labels, key);
      return found === null ? null : locator.place(found.key);
    },
    untyped: [...locator.untyped(labels), ...locator.untyped(annotations)],
  };
};

const readDocument = (document: Document, locator: Locator): readonly ManifestObject[] => {
  const value = asRecord(document.toJS());
  const kind = asText(value.kind);
  const contents: unknown = document.contents;
  const items = isMap(contents) ? contents.get("items", true) : null;
  if (kind.endsWith("List") && isSeq(items) && Array.isArray(value.items)) {
    const values: readonly unknown[] = value.items;
    return items.items.map((node, index) => describeObject(locator, node, values[index], kind));
  }
  return kind === "" ? [] : [describeObject(locator, contents, value, "")];
};

/**
 * Reads the objects of a YAML or JSON file: documents, and the items of Lists. Faults are told, never thrown.
 *
 * @param file what the places name
 */
export const readManifest = (text: string, file: string | null): Manifest => {
  const lines = new LineCounter();
  const objects: ManifestObject[] = [];
  const faults: Fault[] = [];
  // Kubernetes' own readers know merge keys and, of two equal keys, refuse both.
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  for (const document of documents) {
    const locator = new Locator(document, lines, file);
    for (const { pos, message } of document.errors) {
      const { line, col } = lines.linePos(pos[0]);
      faults.push({ place: { file, line: Math.max(line, 1), column: Math.max(col, 1) }, message: oneLine(message) });
    }
    if (document.errors.length > 0) continue;
    try {
      objects.push(...readDocument(document, locator));
    } catch (error) {
      // An alias without its anchor, or so many that they are an attack.
      const message = error instanceof Error ? error.message : String(error);
      faults.push({ place: locator.place(document.contents), message: oneLine(message) });
    }
  }
  return { objects, faults };
};
