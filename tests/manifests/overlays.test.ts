import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { readPage } from "../docs/page.ts";
import {
  build,
  type KubeObject,
  kustomizations,
  manifestsDir,
  only,
  parseObjects,
  readObjects,
  runKustomize,
  skipWithoutKustomize,
} from "./objects.ts";
import { podTemplatesIn } from "./pod-template.ts";

const kindsOf = (objects: readonly KubeObject[]): readonly string[] => objects.map(({ kind }) => kind).sort();
const clusterScoped = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding"]);
const specOf = <T>(object: KubeObject): T => object.spec as T; // the schema test holds each kind's shape
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
const controllers = kustomizations.filter((folder) => folder !== "examples/services");

interface Selecting {
  readonly selector?: Readonly<Record<string, string>> & { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}
const selectorOf = (object: KubeObject): Readonly<Record<string, string>> | null => {
  const { selector, podSelector } = specOf<Selecting>(object) ?? {};
  return selector?.matchLabels ?? podSelector?.matchLabels ?? selector ?? null;
};

describe("kubectl apply -k", { skip: skipWithoutKustomize }, () => {
  for (const folder of controllers) {
    describe(`manifests/${folder}`, () => {
      const objects = build(folder);
      const templates = podTemplatesIn(folder, objects);

      it("selects its own Pods", () => {
        const [template] = templates;
        const selecting = objects.map((object) => ({ object, selector: selectorOf(object) }));
        const found = selecting.filter(({ selector }) => selector !== null);
        assert.ok(found.length >= 3);
        for (const { object, selector } of found) {
          for (const [label, value] of Object.entries(selector ?? {})) {
            assert.equal(template?.labels[label], value, `${object.kind} ${object.metadata.name}`);
          }
        }
      });

      it("lies in one namespace, which it makes unless it must not", () => {
        const namespaces = new Set(
          objects.filter(({ kind }) => !clusterScoped.has(kind)).map(({ metadata }) => metadata.namespace),
        );
        assert.equal(namespaces.size, 1);
        const made = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
        assert.deepEqual(made, folder === "overlays/single-namespace" ? [] : [...namespaces]);
      });

      it("brings every ConfigMap that its Pod names, and binds the role to its own account", () => {
        const names = new Set(objects.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name));
        const text = JSON.stringify(templates);
        const named = [...text.matchAll(/"configMap(?:Ref)?":\{"name":"([^"]+)"/g)].map(([, name = ""]) => name);
        assert.ok(named.length >= 3);
        assert.deepEqual(
          named.filter((name) => !names.has(name)),
          [],
        );
        const [binding, ...more] = objects.filter(({ kind }) => kind.endsWith("RoleBinding"));
        const { subjects, roleRef } = binding as unknown as {
          readonly subjects: readonly { readonly name: string; readonly namespace: string }[];
          readonly roleRef: { readonly kind: string; readonly name: string };
        };
        assert.equal(more.length, 0);
        const account = only(objects, "ServiceAccount").metadata;
        assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }]);
        assert.equal(only(objects, roleRef.kind).metadata.name, roleRef.name);
      });

      it("may list and watch Services and post Events, and nothing else", () => {
        const roles = objects.filter(({ kind }) => kind === "ClusterRole" || kind === "Role");
        assert.equal(roles.length, 1);
        assert.deepEqual(roles[0]?.rules, [
          { apiGroups: [""], resources: ["services"], verbs: ["list", "watch"] },
          { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "get", "patch"] },
        ]);
      });

      it("shows only HTTP on the public Service", () => {
        const service = objects.find(({ kind, metadata }) => kind === "Service" && metadata.name === "hotroute");
        assert.ok(service);
        const { ports } = specOf<{ readonly ports: readonly unknown[] }>(service);
        assert.deepEqual(ports, [{ name: "http", port: 80, protocol: "TCP", targetPort: "http" }]);
      });

      it("lets everybody in to HTTP, and only monitoring to the metrics", () => {
        interface Rule {
          readonly from?: unknown;
          readonly ports: readonly { readonly port: number }[];
        }
        // By number, since not every network knows ports by name: so they are looked up here.
        const portOf = new Map(
          templates[0]?.spec.containers
            .flatMap((container) => container.ports ?? [])
            .map(({ name, containerPort }) => [name, containerPort]),
        );
        const { ingress, policyTypes } = specOf<{ readonly ingress: readonly Rule[]; readonly policyTypes: unknown }>(
          only(objects, "NetworkPolicy"),
        );
        assert.deepEqual(policyTypes, ["Ingress", "Egress"]);
        const open = ingress.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports);
        assert.deepEqual(
          open.map(({ port }) => port),
          [portOf.get("http")],
        );
        const closed = ingress.filter(({ from }) => from !== undefined).flatMap(({ ports }) => ports);
        assert.deepEqual(
          closed.map(({ port }) => port),
          [portOf.get("generator"), portOf.get("reloader")],
        );
      });

      it("names no Secret", () => assert.doesNotMatch(JSON.stringify(objects), /secret(?!s\/kubernetes\.io)/i));
    });
  }

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

  /** Builds a kustomization that a page shows, on a copy of the base. */
  const buildExample = (example: string): readonly KubeObject[] => {
    const folder = mkdtempSync(join(tmpdir(), "hotroute-kustomize-"));
    try {
      cpSync(join(manifestsDir, "base"), join(folder, "base"), { recursive: true });
      mkdirSync(join(folder, "mine"));
      const { resources: _, ...rest } = parse(example) as Readonly<Record<string, unknown>>;
      writeFileSync(join(folder, "mine/kustomization.yaml"), stringify({ ...rest, resources: ["../base"] }));
      return parseObjects(runKustomize(join(folder, "mine")));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const examplesIn = (page: string): readonly string[] =>
    readPage(page).yaml.filter((text) => /^(?:patches|configMapGenerator|images):/m.test(text));

  for (const [page, count] of [
    ["install.md", 2],
    ["load-balancers.md", 2],
    ["sizing.md", 1],
  ] as const) {
    it(`docs/${page}: its kustomizations change what they are for`, () => {
      const examples = examplesIn(page);
      assert.equal(examples.length, count);
      const plain = JSON.stringify(build("base"));
      for (const example of examples) assert.notEqual(JSON.stringify(buildExample(example)), plain, example);
    });
  }

  it("docs/install.md: its own registry is put before every image", () => {
    const example = examplesIn("install.md").find((text) => text.includes("newName"));
    const [template] = podTemplatesIn("", buildExample(example ?? ""));
    const containers = [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])];
    assert.equal(containers.length, 3);
    for (const { image } of containers) assert.match(image, /^registry\.example\.com\/\S+:\S+$/);
  });
});

it("pod.yaml: is taken by nothing of the installation", () => {
  const [pod] = podTemplatesIn("", readObjects("pod.yaml"));
  const [installed] = podTemplatesIn("", readObjects("base/deployment.yaml"));
  assert.notEqual(pod?.labels["app.kubernetes.io/name"], installed?.labels["app.kubernetes.io/name"]);
});

it("the settings in the manifests are those of docs/settings.md", () => {
  const documented = new Set(
    readPage("settings.md").tables.flatMap(({ rows }) =>
      rows.flatMap(([names = ""]) => [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name)),
    ),
  );
  for (const file of ["base/settings.env", "base/nginx.env"]) {
    const names = [...readFileSync(join(manifestsDir, file), "utf8").matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    assert.ok(names.length > 0);
    assert.deepEqual(
      names.filter((name) => !documented.has(name)),
      [],
      file,
    );
  }
});
