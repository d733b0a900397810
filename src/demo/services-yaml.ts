import { type Document, isNode, LineCounter, parseAllDocuments, visit } from "yaml";
import { oneLine } from "../kube/failure-text.ts";

/** A Service of the file, ready to be applied. */
export interface FileService {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Plain JSON. */
  readonly object: Readonly<Record<string, unknown>>;
}

/** What came of reading the file: all of it or nothing, with the place of each fault. */
export type FileContent =
  | { readonly ok: true; readonly services: ReadonlyMap<string, FileService> }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Of a file of noise there are as many faults as lines. */
const maxFaults = 5;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readDocument = (value: unknown): FileService | string => {
  if (!isRecord(value)) return "expected a Service";
  if (value.apiVersion !== "v1" || value.kind !== "Service") {
    const found = `${String(value.apiVersion ?? "no apiVersion")} and ${String(value.kind ?? "no kind")}`;
    return `expected apiVersion: v1 and kind: Service, found ${found}`;
  }
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const { name, namespace = "default" } = metadata;
  if (typeof name !== "string" || name === "") return "expected metadata.name";
  if (typeof namespace !== "string") return "expected metadata.namespace to be text";
  return { key: `${namespace}/${name}`, namespace, name, object: { ...value, metadata: { ...metadata, namespace } } };
};

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** `host: *.example.com` without quotes is YAML's alias of an anchor that nobody meant. */
const findLostAliases = (document: Document.Parsed): readonly Fault[] => {
  const anchors = new Set<string>();
  const faults: Fault[] = [];
  visit(document, {
    Node: (_, node) => {
      if ("anchor" in node && typeof node.anchor === "string") anchors.add(node.anchor);
    },
    Alias: (_, alias) => {
      if (anchors.has(alias.source)) return;
      const message = `*${alias.source} without quotes is a YAML alias: write "*${alias.source}"`;
      faults.push({ offset: alias.range?.[0] ?? 0, message });
    },
  });
  return faults;
};

const offsetOf = (document: Document.Parsed): number =>
  isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;

/** One document's Service, or its faults; null for an empty one. */
const parseDocument = (document: Document.Parsed): FileService | readonly Fault[] | null => {
  if (document.errors.length > 0) {
    return document.errors.map(({ pos, message }) => ({ offset: pos[0], message }));
  }
  if (document.contents === null) return null;
  const lost = findLostAliases(document);
  if (lost.length > 0) return lost;
  try {
    // By way of JSON: what YAML can say and JSON cannot (cycles, binary data) is a fault here, not at the request.
    const service = readDocument(JSON.parse(JSON.stringify(document.toJS())));
    return typeof service === "string" ? [{ offset: offsetOf(document), message: service }] : service;
  } catch (error) {
    return [{ offset: offsetOf(document), message: error instanceof Error ? error.message : String(error) }];
  }
};

const parseDocuments = (text: string, file: string): FileContent => {
  const lines = new LineCounter();
  const services = new Map<string, FileService>();
  const faults: string[] = [];
  const addFault = ({ offset, message }: Fault): void =>
    void faults.push(`${file}:${lines.linePos(offset).line}: ${oneLine(message)}`);
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" })) {
    const parsed = parseDocument(document);
    if (parsed === null) continue;
    if (!("key" in parsed)) for (const fault of parsed) addFault(fault);
    else if (services.has(parsed.key)) addFault({ offset: offsetOf(document), message: `${parsed.key} stands twice` });
    else services.set(parsed.key, parsed);
  }
  if (faults.length === 0) return { ok: true, services };
  const more = faults.length - maxFaults;
  const shown = more > 0 ? [...faults.slice(0, maxFaults), `${file}: and ${more} more faults`] : faults;
  return { ok: false, faults: shown };
};

/**
 * Reads a file of Services: YAML documents, or JSON. Whatever the text is, the answer is a value.
 *
 * @param file what the faults call it
 */
export const parseServices = (text: string, file: string): FileContent => {
  try {
    return parseDocuments(text, file);
  } catch (error) {
    // The parser is recursive: some thousand brackets are more than its stack.
    const said =
      error instanceof RangeError ? "nested too deeply" : error instanceof Error ? error.message : String(error);
    return { ok: false, faults: [`${file}: cannot be read as YAML: ${oneLine(said)}`] };
  }
};
