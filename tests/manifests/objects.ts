import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";

/** An object of Kubernetes as a manifest has it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** What belongs to no namespace. */
export const clusterScoped: ReadonlySet<string> = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding"]);

export const manifestsDir = join(import.meta.dirname, "../../manifests");

/** The objects in a text of YAML documents; the schema test holds what they are. @throws Error where it does not parse */
export const parseObjects = (text: string): readonly KubeObject[] =>
  parseAllDocuments(text).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as KubeObject; // what lacks a kind is found by the schema test
  });

/** The objects of a file below manifests/. */
export const readObjects = (path: string): readonly KubeObject[] =>
  parseObjects(readFileSync(join(manifestsDir, path), "utf8"));

/** The files of whole objects, by their paths below manifests/: not the patches and kustomizations. */
export const objectFiles: readonly string[] = [
  "pod.yaml",
  ...globSync(["{base,monitoring}/*.yaml", "{overlays,examples}/*/{role,services,metrics-service}.yaml"], {
    cwd: manifestsDir,
  }),
  ...globSync("overlays/*/horizontal-pod-autoscaler.yaml", { cwd: manifestsDir }),
]
  .filter((path) => !path.endsWith("kustomization.yaml"))
  .sort();

const findKustomize = (): readonly [string, ...string[]] | null => {
  const commands: readonly (readonly [string, ...string[]])[] = [
    ["kubectl", "kustomize"],
    ["kustomize", "build"],
  ];
  // Kustomize 4, which knows components; kubectl 1.20 has version 2 of it.
  const works = ([program, ...args]: readonly [string, ...string[]]): boolean =>
    spawnSync(program, [...args, "--help"], { encoding: "utf8" }).stdout?.includes("--enable-helm") ?? false;
  return commands.find(works) ?? null;
};

const kustomize = findKustomize();

/** For a test's `skip`: why kustomizations cannot be built here, or false. */
export const skipWithoutKustomize: string | false =
  kustomize === null ? "no kustomize: install kubectl 1.21 or later" : false;

/** The folders that `kubectl apply -k` takes, by their paths below manifests/. */
export const kustomizations: readonly string[] = globSync("**/kustomization.yaml", { cwd: manifestsDir })
  .filter((path) => readObjects(path)[0]?.kind !== "Component")
  .map(dirname)
  .sort();

/** What kustomize makes of a folder. @throws Error with its words where it fails */
export const runKustomize = (folder: string): string => {
  if (kustomize === null) throw new Error("no kustomize");
  const [program, ...args] = kustomize;
  const { status, stdout, stderr } = spawnSync(program, [...args, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${folder}: ${stderr}`);
  return stdout;
};

const built = new Map<string, string>();

/** What `kubectl kustomize` makes of a folder below manifests/, made once. */
const buildText = (folder: string): string => {
  const text = built.get(folder) ?? runKustomize(join(manifestsDir, folder));
  built.set(folder, text);
  return text;
};

export const build = (folder: string): readonly KubeObject[] => parseObjects(buildText(folder));

/** The object of a kind. @throws Error where there is none, or more than one */
export const only = (objects: readonly KubeObject[], kind: string): KubeObject => {
  const [found, ...more] = objects.filter((object) => object.kind === kind);
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length + (found ? 1 : 0)} objects of kind ${kind}`);
  return found;
};

/** An object's `spec`, as its kind has it: the schema test holds that. */
export const specOf = <T>(object: KubeObject): T => object.spec as T;
