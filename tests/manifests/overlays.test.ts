import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { build, clusterScoped, type KubeObject, only, readObjects, skipWithoutKustomize, specOf } from "./objects.ts";
import { podTemplatesIn } from "./pod-template.ts";

const kindsOf = (objects: readonly KubeObject[]): readonly string[] => objects.map(({ kind }) => kind).sort();
const baseKinds = [
  "ClusterRole",
  "ClusterRoleBinding",
  "ConfigMap",
  "ConfigMap",
  "Deployment",
  "Namespace",
  "NetworkPolicy",
  "PodDisruptionBudget",
  "Service",
  "ServiceAccount",
];
const without = (...gone: readonly string[]): readonly string[] => baseKinds.filter((kind) => !gone.includes(kind));

describe("kubectl apply -k", { skip: skipWithoutKustomize }, () => {
  it("base: the whole installation", () => {
    assert.deepEqual(kindsOf(build("base")), baseKinds);
    const { labels = {} } = only(build("base"), "Namespace").metadata;
    for (const mode of ["enforce", "audit", "warn"]) {
      assert.equal(labels[`pod-security.kubernetes.io/${mode}`], "restricted");
    }
    const budget = specOf<{ readonly maxUnavailable: number }>(only(build("base"), "PodDisruptionBudget"));
    assert.equal(budget.maxUnavailable, 1);
  });

  it("overlays/single-namespace: nothing of the cluster's, and only its own namespace is watched", () => {
    const objects = build("overlays/single-namespace");
    assert.deepEqual(
      kindsOf(objects).filter((kind) => clusterScoped.has(kind)),
      [],
    );
    const [template] = podTemplatesIn("", objects);
    for (const name of ["init", "generator"]) {
      const container = [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])].find(
        (candidate) => candidate.name === name,
      );
      assert.deepEqual(container?.env, [
        { name: "NAMESPACES", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      ]);
    }
  });

  it("overlays/daemonset: port 80 of each node, in a namespace that allows it", () => {
    const objects = build("overlays/daemonset");
    assert.deepEqual(kindsOf(objects), [...without("Deployment", "PodDisruptionBudget"), "DaemonSet"].sort());
    const spec = specOf<Readonly<Record<string, unknown>>>(only(objects, "DaemonSet"));
    assert.deepEqual(
      Object.keys(spec).filter((field) => ["replicas", "strategy"].includes(field)),
      [],
    );
    const [template] = podTemplatesIn("", objects);
    const ports = template?.spec.containers.flatMap((container) => container.ports ?? []) ?? [];
    assert.deepEqual(
      ports.filter(({ hostPort }) => hostPort !== undefined).map(({ name, hostPort }) => [name, hostPort]),
      [["http", 80]],
    );
    const { labels = {} } = only(objects, "Namespace").metadata;
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "privileged");
  });

  it("overlays/autoscaling: the number of replicas is the autoscaler's", () => {
    const objects = build("overlays/autoscaling");
    const deployment = only(objects, "Deployment");
    assert.ok(!("replicas" in specOf<object>(deployment)));
    const autoscaler = specOf<{
      readonly scaleTargetRef: unknown;
      readonly minReplicas: number;
      readonly metrics: readonly { readonly containerResource: { readonly container: string } }[];
    }>(only(objects, "HorizontalPodAutoscaler"));
    assert.deepEqual(autoscaler.scaleTargetRef, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: deployment.metadata.name,
    });
    assert.ok(autoscaler.minReplicas >= 2);
    const [metric] = autoscaler.metrics;
    const [template] = podTemplatesIn("", objects);
    assert.ok(template?.spec.containers.some(({ name }) => name === metric?.containerResource.container));
  });

  it("overlays/monitoring and metrics-service: both programs are scraped, by the names of their ports", () => {
    const [template] = podTemplatesIn("", build("overlays/monitoring"));
    const ports = new Map(
      template?.spec.containers
        .flatMap((container) => container.ports ?? [])
        .map(({ name, containerPort }) => [name, containerPort]),
    );
    const monitor = specOf<{ readonly podMetricsEndpoints: readonly { readonly port: string }[] }>(
      only(build("overlays/monitoring"), "PodMonitor"),
    );
    const scraped = monitor.podMetricsEndpoints.map(({ port }) => port);
    assert.deepEqual([...scraped].sort(), ["generator", "reloader"]);
    assert.ok(scraped.every((port) => ports.has(port)));
    const services = build("overlays/metrics-service").filter(
      ({ kind, metadata }) => kind === "Service" && metadata.annotations?.["prometheus.io/scrape"] === "true",
    );
    const annotated = services.map(({ metadata }) => Number(metadata.annotations?.["prometheus.io/port"]));
    assert.deepEqual(
      annotated.sort(),
      [...ports]
        .filter(([name]) => name !== "http")
        .map(([, port]) => port)
        .sort(),
    );
    for (const service of services) assert.equal(specOf<{ readonly clusterIP: string }>(service).clusterIP, "None");
  });

  it("examples/second-class: shares no name of the cluster's with the first", () => {
    const names = (folder: string): readonly string[] =>
      build(folder)
        .filter(({ kind }) => clusterScoped.has(kind))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const first = new Set(names("base"));
    assert.deepEqual(
      names("examples/second-class").filter((name) => first.has(name)),
      [],
    );
  });
});

it("pod.yaml: is taken by nothing of the installation", () => {
  const [pod] = podTemplatesIn("", readObjects("pod.yaml"));
  const [installed] = podTemplatesIn("", readObjects("base/deployment.yaml"));
  assert.notEqual(pod?.labels["app.kubernetes.io/name"], installed?.labels["app.kubernetes.io/name"]);
});
