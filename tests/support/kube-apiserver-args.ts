import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * How much of Kubernetes a kube-apiserver is: `services`: what Services and Events need, to whom the token belongs may do
 * all of it. `roles`: users have the rights that RBAC gives them. `everything`: every group and admission plugin there is.
 */
export type KubeApiServerScope = "services" | "roles" | "everything";

/** The groups that tests use, and those without which the server does not become ready. */
const groups = [
  "api/v1",
  "events.k8s.io/v1",
  "authorization.k8s.io/v1",
  "apiregistration.k8s.io/v1",
  "apiextensions.k8s.io/v1",
];
const groupsOfRoles = ["authentication.k8s.io/v1", "rbac.authorization.k8s.io/v1"];

/** Plugins that wait for a group which is not served, or that say nothing of Services, Events and namespaces. */
const idlePlugins = [
  "CertificateApproval",
  "CertificateSigning",
  "CertificateSubjectRestriction",
  "DefaultIngressClass",
  "DefaultStorageClass",
  "DefaultTolerationSeconds",
  "LimitRanger",
  "MutatingAdmissionWebhook",
  "PersistentVolumeClaimResize",
  "Priority",
  "ResourceQuota",
  "RuntimeClass",
  "StorageObjectInUseProtection",
  "TaintNodesByCondition",
  "ValidatingAdmissionWebhook",
];

const partial = new Map<string, boolean>();

/** What is left out is named by flags and plugins of a version: tried with this one, any other is started whole. */
const canBePartial = (program: string): boolean => {
  const isKnown =
    partial.get(program) ??
    /^Kubernetes v1\.20\./.test(spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "");
  partial.set(program, isKnown);
  return isKnown;
};

/** A start takes half of the processor time without what no test of Services asks for. */
const scopeArgs = (program: string, scope: KubeApiServerScope): readonly string[] => {
  if (scope === "everything" || !canBePartial(program)) {
    return ["--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount"];
  }
  const served = scope === "roles" ? [...groups, ...groupsOfRoles] : groups;
  return [
    `--authorization-mode=${scope === "roles" ? "RBAC" : "AlwaysAllow"}`,
    `--disable-admission-plugins=${["ServiceAccount", ...idlePlugins].join()}`,
    // Its own groups are betas, and it cannot be without them.
    "--enable-priority-and-fairness=false",
    `--runtime-config=${["api/all=false", ...served.map((group) => `${group}=true`)].join()}`,
  ];
};

/** What a kube-apiserver is started with. */
export interface KubeApiServerPlace {
  readonly program: string;
  /** Holds `sa.key` and `tokens.csv`; its certificate comes to lie in `certs`. */
  readonly folder: string;
  readonly etcdUrl: string;
  readonly port: number;
}

export const kubeApiServerArgs = (place: KubeApiServerPlace, scope: KubeApiServerScope): readonly string[] => [
  `--etcd-servers=${place.etcdUrl}`,
  `--cert-dir=${join(place.folder, "certs")}`,
  `--secure-port=${place.port}`,
  "--bind-address=127.0.0.1",
  "--service-account-issuer=https://kubernetes.default.svc",
  `--service-account-key-file=${join(place.folder, "sa.key")}`,
  `--service-account-signing-key-file=${join(place.folder, "sa.key")}`,
  `--token-auth-file=${join(place.folder, "tokens.csv")}`,
  // Events straight from etcd, as newer versions have them: then a compaction is what their watchers see.
  "--watch-cache-sizes=events#0",
  // Every ClusterIP lies on the loopback range, so that a test's backend can listen on it.
  "--service-cluster-ip-range=127.96.0.0/16",
  ...scopeArgs(place.program, scope),
];

export const etcdArgs = (folder: string, client: string, peer: string): readonly string[] => [
  "--unsafe-no-fsync",
  `--data-dir=${join(folder, "etcd")}`,
  `--listen-client-urls=${client}`,
  `--advertise-client-urls=${client}`,
  `--listen-peer-urls=${peer}`,
  `--initial-advertise-peer-urls=${peer}`,
  `--initial-cluster=default=${peer}`,
];
