import { dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { KubeConfigError } from "./access.ts";
import { type JsonObject, jsonObject, jsonText } from "./json.ts";

/** A named entry of a kubeconfig, its relative file names made absolute, beside the file that it comes from. */
export interface KubeconfigEntry {
  readonly path: string;
  readonly body: JsonObject;
}

/** One or several kubeconfig files as one; source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export interface Kubeconfig {
  readonly paths: readonly string[];
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, KubeconfigEntry>;
  readonly clusters: ReadonlyMap<string, KubeconfigEntry>;
  readonly users: ReadonlyMap<string, KubeconfigEntry>;
}

const FILE_KEYS = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

const withAbsolutePaths = (body: JsonObject, folder: string): JsonObject => {
  const files = FILE_KEYS.filter((key) => jsonText(body[key]) !== "" && !isAbsolute(jsonText(body[key])));
  return { ...body, ...Object.fromEntries(files.map((key) => [key, join(folder, jsonText(body[key]))])) };
};

const readEntries = (document: JsonObject, list: string, inner: string, path: string): Map<string, KubeconfigEntry> => {
  const raw = document[list] ?? [];
  if (!Array.isArray(raw)) throw new KubeConfigError(`kubeconfig ${path}: ${list} is not a list; correct the file`);
  const entries = new Map<string, KubeconfigEntry>();
  for (const [index, item] of raw.entries()) {
    const entry = jsonObject(item);
    const name = jsonText(entry?.name);
    if (entry === null || name === "") {
      throw new KubeConfigError(`kubeconfig ${path}: ${list}[${index}] has no name; correct the file`);
    }
    // A user may be empty (`user: {}` or nothing at all): no credentials.
    const body = jsonObject(entry[inner] ?? {});
    if (body === null) {
      throw new KubeConfigError(`kubeconfig ${path}: ${list}[${index}].${inner} is not a mapping; correct the file`);
    }
    if (!entries.has(name)) entries.set(name, { path, body: withAbsolutePaths(body, dirname(path)) });
  }
  return entries;
};

const parseText = (text: string): unknown => {
  // JSON is YAML too, and its parser is a hundred times faster. What it refuses, the other may know how to read.
  if (text.trimStart().startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {}
  }
  return parse(text, { maxAliasCount: 0 });
};

const readDocument = (text: string, path: string): JsonObject => {
  let value: unknown;
  try {
    value = parseText(text);
  } catch (error) {
    const said = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new KubeConfigError(`kubeconfig ${path}: not valid YAML: ${said}; correct the file`, { cause: error });
  }
  const document = jsonObject(value);
  if (document === null) {
    throw new KubeConfigError(`kubeconfig ${path}: not a mapping, as a kubeconfig is; correct the file or KUBECONFIG`);
  }
  return document;
};

/**
 * Parses one kubeconfig. Credentials are not read yet.
 *
 * @param path for messages, and what relative file names are relative to
 * @throws KubeConfigError when it is not YAML, or not of a kubeconfig's shape
 */
export const parseKubeconfig = (text: string, path: string): Kubeconfig => {
  const document = readDocument(text, path);
  return {
    paths: [path],
    currentContext: jsonText(document["current-context"]),
    contexts: readEntries(document, "contexts", "context", path),
    clusters: readEntries(document, "clusters", "cluster", path),
    users: readEntries(document, "users", "user", path),
  };
};

/** Several files as one: of each name and of current-context the first wins, as with kubectl. */
export const mergeKubeconfigs = (parts: readonly Kubeconfig[]): Kubeconfig => ({
  paths: parts.flatMap((part) => part.paths),
  currentContext: parts.map((part) => part.currentContext).find((name) => name !== "") ?? "",
  contexts: new Map(parts.toReversed().flatMap((part) => [...part.contexts])),
  clusters: new Map(parts.toReversed().flatMap((part) => [...part.clusters])),
  users: new Map(parts.toReversed().flatMap((part) => [...part.users])),
});

/** What the current context points to. */
export interface SelectedContext {
  /** The file that the context comes from. */
  readonly path: string;
  readonly context: string;
  readonly namespace: string | null;
  readonly clusterName: string;
  readonly cluster: KubeconfigEntry;
  readonly userName: string;
  readonly user: KubeconfigEntry;
}

const known = (entries: ReadonlyMap<string, unknown>): string =>
  entries.size === 0 ? "it has none" : `it has ${[...entries.keys()].slice(0, 5).join(", ")}`;

/** @throws KubeConfigError when there is no current context, or it names what does not exist */
export const selectContext = (config: Kubeconfig): SelectedContext => {
  const where = `kubeconfig ${config.paths.join(":")}`;
  const name = config.currentContext;
  if (name === "") {
    throw new KubeConfigError(`${where}: no current-context; choose one with kubectl config use-context NAME`);
  }
  const context = config.contexts.get(name);
  if (context === undefined) {
    const choices = known(config.contexts);
    throw new KubeConfigError(`${where}: no context ${name} (${choices}); run kubectl config use-context NAME`);
  }
  const find = (kind: "cluster" | "user", entries: ReadonlyMap<string, KubeconfigEntry>) => {
    const wanted = jsonText(context.body[kind]);
    const entry = entries.get(wanted);
    // A context without a user is one without credentials, as with kubectl.
    if (entry === undefined && kind === "user" && wanted === "") return { wanted, entry: { ...context, body: {} } };
    if (entry === undefined) {
      throw new KubeConfigError(
        `${where}: context ${name} names the ${kind} ${wanted || '""'}, which does not exist (${known(entries)}); correct the file`,
      );
    }
    return { wanted, entry };
  };
  const cluster = find("cluster", config.clusters);
  const user = find("user", config.users);
  return {
    path: context.path,
    context: name,
    namespace: jsonText(context.body.namespace) || null,
    clusterName: cluster.wanted,
    cluster: cluster.entry,
    userName: user.wanted,
    user: user.entry,
  };
};
