import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { watch } from "chokidar";
import { LineCounter, parseAllDocuments } from "yaml";
import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { resourcePath, SERVICES } from "../kube/resource.ts";

/** A Service of the file, ready to be applied. */
interface FileService {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** What came of reading the file: all of it or nothing, with the place of each fault. */
type FileContent =
  | { readonly ok: true; readonly services: ReadonlyMap<string, FileService> }
  | { readonly ok: false; readonly faults: readonly string[] };

export interface ServicesFileOptions {
  readonly path: string;
  readonly client: KubeClient;
  /** Told what a person should know of the file: its faults, and what the API server refused. */
  readonly onFault: (line: string) => void;
}

export interface ServicesFile {
  /** Resolves when what the file held at the start has been applied. */
  readonly applied: Promise<void>;
  stop(): Promise<void>;
}

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

/** Reads a file of Services: YAML documents, or JSON. */
const parseServices = (text: string, file: string): FileContent => {
  const lines = new LineCounter();
  const services = new Map<string, FileService>();
  const faults: string[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })) {
    const lineOf = (offset: number): number => lines.linePos(offset).line;
    for (const error of document.errors) faults.push(`${file}:${lineOf(error.pos[0])}: ${error.message}`);
    if (document.errors.length > 0 || document.contents === null) continue;
    const service = readDocument(document.toJS());
    const line = lineOf(document.contents.range?.[0] ?? 0);
    if (typeof service === "string") faults.push(`${file}:${line}: ${service}`);
    else if (services.has(service.key)) faults.push(`${file}:${line}: ${service.key} stands twice`);
    else services.set(service.key, service);
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, services };
};

/**
 * Keeps the API server's Services as a file says: applied when the file is saved, deleted when they leave it.
 * A file with a fault changes nothing.
 */
export const followServicesFile = ({ path, client, onFault }: ServicesFileOptions): ServicesFile => {
  const file = basename(path);
  let lastText: string | null = null;
  let known: ReadonlyMap<string, FileService> = new Map();
  let queue: Promise<void> = Promise.resolve();

  const apply = async (services: ReadonlyMap<string, FileService>): Promise<void> => {
    for (const { key, namespace, name, object } of services.values()) {
      const result = await client.request({
        method: "PATCH",
        path: resourcePath(SERVICES, namespace, name),
        query: { fieldManager: "services-file", force: "true" },
        contentType: "application/apply-patch+yaml",
        body: object,
      });
      if (!result.ok) onFault(`${file}: ${key}: ${describeFailure(result.failure)}`);
    }
    for (const { key, namespace, name } of known.values()) {
      if (services.has(key)) continue;
      const result = await client.request({ method: "DELETE", path: resourcePath(SERVICES, namespace, name) });
      if (!result.ok && result.failure.kind !== "notFound")
        onFault(`${file}: ${key}: ${describeFailure(result.failure)}`);
    }
    known = services;
  };
  const follow = async (): Promise<void> => {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch {
      // An editor may move the file away for a moment; a deleted file deletes nothing.
      return;
    }
    if (text === lastText) return;
    lastText = text;
    const content = parseServices(text, file);
    if (content.ok) await apply(content.services);
    else for (const fault of content.faults) onFault(fault);
  };
  const enqueue = (): Promise<void> => {
    queue = queue.then(follow);
    return queue;
  };
  // The folder, since editors replace the file.
  const folder = dirname(path);
  const watcher = watch(folder, {
    ignoreInitial: true,
    depth: 0,
    ignored: (candidate) => candidate !== folder && candidate !== join(folder, file),
  });
  watcher.on("all", () => void enqueue());
  watcher.on("error", () => onFault(`${file}: cannot be watched any more: save it and start the demo again`));
  return {
    applied: enqueue(),
    stop: async () => {
      await watcher.close();
      await queue;
    },
  };
};
