import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { watch } from "chokidar";
import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { resourcePath, SERVICES } from "../kube/resource.ts";
import { type FileService, parseServices } from "./services-yaml.ts";

/** More than any set of Services needs; the parser would hold up everything else for seconds. */
const maxBytes = 1024 * 1024;

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

/** How often the file is also read without being told: a watch missed one of several saves in a row, or failed. */
const compareIntervalMs = 500;

/** The text of a file that can be one of Services; null when there is no file. */
const readText = async (path: string): Promise<{ readonly text: string } | { readonly fault: string } | null> => {
  try {
    const info = await stat(path);
    if (!info.isFile()) return { fault: "is not a regular file" };
    if (info.size > maxBytes) return { fault: `has ${info.size} bytes, and at most ${maxBytes} are read` };
    return { text: await readFile(path, "utf8") };
  } catch (error) {
    // An editor may move the file away for a moment; a deleted file deletes nothing.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    return { fault: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
};

/**
 * Keeps the API server's Services as a file says: applied when the file is saved, deleted when they leave it.
 * A file with a fault changes nothing.
 */
export const followServicesFile = ({ path, client, onFault }: ServicesFileOptions): ServicesFile => {
  const file = basename(path);
  /** Text, or what kept it from being read. */
  let lastContent: string | null = null;
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
    const read = await readText(path);
    if (read === null) return;
    const content = "text" in read ? read.text : read.fault;
    if (content === lastContent) return;
    lastContent = content;
    if ("fault" in read) {
      onFault(`${file}: ${read.fault}`);
      return;
    }
    const parsed = parseServices(read.text, file);
    if (parsed.ok) await apply(parsed.services);
    else for (const fault of parsed.faults) onFault(fault);
  };
  const enqueue = (): Promise<void> => {
    // Whatever a save brings, the demo goes on and the next save counts.
    queue = queue
      .then(follow)
      .catch((error: unknown) => onFault(`${file}: ${error instanceof Error ? error.message : String(error)}`));
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
  watcher.on("error", () => undefined);
  const comparing = setInterval(() => void enqueue(), compareIntervalMs);
  return {
    applied: enqueue(),
    stop: async () => {
      clearInterval(comparing);
      await watcher.close();
      await queue;
    },
  };
};
