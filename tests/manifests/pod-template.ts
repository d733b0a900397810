import { build, type KubeObject, kustomizations, readObjects, skipWithoutKustomize } from "./objects.ts";

/** The parts of a Pod that the tests look at. Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly exec?: { readonly command: readonly string[] } } };
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly projected?: { readonly sources: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[] };
  readonly configMap?: { readonly name: string };
  readonly [kind: string]: unknown;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly [field: string]: unknown;
}

/** A Pod that the manifests make, and where. */
export interface PodTemplate {
  readonly from: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

interface Workload {
  readonly template: { readonly metadata: KubeObject["metadata"]; readonly spec: PodSpec };
}

const workloads: ReadonlySet<string> = new Set(["Deployment", "DaemonSet"]);

const templateOf = (from: string, object: KubeObject): PodTemplate | null => {
  // The schema test holds that each has the shape of its kind.
  const pod =
    object.kind === "Pod"
      ? { metadata: object.metadata, spec: object.spec as PodSpec }
      : workloads.has(object.kind)
        ? (object.spec as Workload).template
        : null;
  if (pod === null) return null;
  const { labels = {}, annotations = {} } = pod.metadata;
  return { from: `${from}: ${object.kind}`, labels, annotations, spec: pod.spec };
};

/** The Pods among some objects. */
export const podTemplatesIn = (from: string, objects: readonly KubeObject[]): readonly PodTemplate[] =>
  objects.map((object) => templateOf(from, object)).filter((template) => template !== null);

/** Every Pod that the manifests make; without kustomize, those of the plain files. */
export const podTemplates = (): readonly PodTemplate[] => [
  ...["pod.yaml", "base/deployment.yaml"].flatMap((path) => podTemplatesIn(path, readObjects(path))),
  ...(skipWithoutKustomize === false ? kustomizations.flatMap((folder) => podTemplatesIn(folder, build(folder))) : []),
];

/** A container by its name. @throws Error where there is none */
export const containerOf = ({ from, spec }: PodTemplate, name: string): Container => {
  const found = [...spec.initContainers, ...spec.containers].find((container) => container.name === name);
  if (found === undefined) throw new Error(`${from} has no container ${name}`);
  return found;
};
