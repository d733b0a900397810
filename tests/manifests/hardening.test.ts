import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type KubeObject, manifestsDir, only, readObjects, skipWithoutKustomize } from "./objects.ts";
import { restrictedViolations } from "./pod-security.ts";
import { type Container, containerOf, type PodTemplate, podTemplates, type Volume } from "./pod-template.ts";

const templates = podTemplates();
const mountsOf = (template: PodTemplate, name: string): Readonly<Record<string, "rw" | "ro">> =>
  Object.fromEntries(
    containerOf(template, name).volumeMounts.map(({ mountPath, readOnly }) => [
      mountPath,
      readOnly === true ? "ro" : "rw",
    ]),
  );
const volumeOf = ({ spec }: PodTemplate, name: string): Volume => {
  const found = spec.volumes.find((volume) => volume.name === name);
  assert.ok(found, name);
  return found;
};
const secondsOf = (text: string): number => {
  const [, number = "", unit = ""] = /^(\d+)(s|m)$/.exec(text) ?? [];
  return Number(number) * (unit === "m" ? 60 : 1);
};
const nginxSettings = readFileSync(join(manifestsDir, "base/nginx.env"), "utf8");
const workerShutdownTimeout = ({ env = [] }: Container): string =>
  env.find(({ name }) => name === "WORKER_SHUTDOWN_TIMEOUT")?.value ??
  /^WORKER_SHUTDOWN_TIMEOUT=(.+)$/m.exec(nginxSettings)?.[1] ??
  "";
const tokenDir = "/var/run/secrets/kubernetes.io/serviceaccount";

it("every kind of manifest has its Pod looked at", () => {
  const expected = skipWithoutKustomize === false ? 10 : 2;
  assert.ok(templates.length >= expected, templates.map(({ from }) => from).join(", "));
});

for (const template of templates) {
  const { from, spec } = template;
  const containers: readonly Container[] = [...spec.initContainers, ...spec.containers];
  const each = (check: (container: Container) => void): void => {
    for (const container of containers) check(container);
  };

  describe(from, () => {
    it("has the three containers, and no more", () => {
      assert.deepEqual(
        spec.initContainers.map(({ name }) => name),
        ["init"],
      );
      assert.deepEqual(spec.containers.map(({ name }) => name).sort(), ["generator", "nginx"]);
      assert.deepEqual(containerOf(template, "init").command, ["node", "/app/init.cjs"]);
      assert.deepEqual(containerOf(template, "generator").command, ["node", "/app/generator.cjs"]);
      assert.equal(containerOf(template, "nginx").command, undefined, "tini is the image's own entry point");
    });

    it("keeps to the Pod Security level restricted", () => {
      // A host port is what the DaemonSet is for, and why its namespace is privileged.
      const allowed = from.startsWith("overlays/daemonset") ? ["nginx: hostPort 80"] : [];
      assert.deepEqual(restrictedViolations(spec), allowed);
    });

    it("runs as 65532 and 101, on read-only root file systems", () => {
      const users = Object.fromEntries(
        containers.map(({ name, securityContext }) => [name, securityContext?.runAsUser]),
      );
      assert.deepEqual({ ...users }, { init: 65532, generator: 65532, nginx: 101 });
      each(({ securityContext }) => {
        assert.equal(securityContext?.runAsGroup, securityContext?.runAsUser);
        assert.equal(securityContext?.readOnlyRootFilesystem, true);
      });
    });

    it("listens on ports of 1024 and above", () => {
      const ports = containers.flatMap((container) => container.ports ?? []);
      assert.deepEqual(Object.fromEntries(ports.map(({ name, containerPort }) => [name, containerPort])), {
        generator: 9101,
        http: 8080,
        reloader: 9102,
      });
    });

    it("gives the token to init and generator alone, for an hour", () => {
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.serviceAccountName, "hotroute");
      const holders = containers.filter(({ volumeMounts }) => volumeMounts.some(({ name }) => name === "token"));
      assert.deepEqual(holders.map(({ name }) => name).sort(), ["generator", "init"]);
      const sources = volumeOf(template, "token").projected?.sources ?? [];
      assert.deepEqual(
        sources.map((source) => Object.keys(source)),
        [["serviceAccountToken"], ["configMap"], ["downwardAPI"]],
      );
      assert.deepEqual(sources[0]?.serviceAccountToken, { path: "token", expirationSeconds: 3600 });
      assert.equal(sources[1]?.configMap?.name, "kube-root-ca.crt");
    });

    it("mounts each volume where it belongs, and writable only where it is written", () => {
      const own = (name: string): Readonly<Record<string, "rw" | "ro">> =>
        Object.fromEntries(
          Object.entries(mountsOf(template, name)).filter(([path]) => !path.startsWith("/etc/hotroute/")),
        );
      assert.deepEqual(own("init"), { "/etc/nginx/conf.d": "rw", [tokenDir]: "ro" });
      assert.deepEqual(own("generator"), { "/etc/nginx/conf.d": "rw", "/run/hotroute": "ro", [tokenDir]: "ro" });
      assert.deepEqual(mountsOf(template, "nginx"), { "/etc/nginx/conf.d": "ro", "/run/hotroute": "rw", "/tmp": "rw" });
      each(({ volumeMounts }) => {
        for (const mount of volumeMounts) assert.ok(!("subPath" in mount), "a subPath is never updated");
      });
      // A user's own files: read only, in init and generator alike.
      const extra = spec.volumes.filter((volume) => volume.configMap !== undefined);
      for (const { name } of extra) {
        for (const container of ["init", "generator"]) {
          const mount = containerOf(template, container).volumeMounts.find((candidate) => candidate.name === name);
          assert.equal(mount?.readOnly, true, `${name} in ${container}`);
        }
      }
      assert.equal(spec.volumes.length, 4 + extra.length);
    });

    it("bounds what lies in memory", () => {
      for (const name of ["config", "run"]) {
        const { emptyDir } = volumeOf(template, name);
        assert.equal(emptyDir?.medium, "Memory", name);
        assert.match(emptyDir?.sizeLimit ?? "", /^\d+Mi$/, name);
      }
      assert.ok(volumeOf(template, "tmp").emptyDir);
    });

    it("asks for CPU and memory, and limits memory", () => {
      each(({ name, resources }) => {
        assert.match(resources?.requests?.cpu ?? "", /^\d+m?$/, name);
        assert.match(resources?.requests?.memory ?? "", /^\d+Mi$/, name);
        assert.match(resources?.limits?.memory ?? "", /^\d+Mi$/, name);
      });
    });

    it("has probes on the programs' own ports; alone nginx decides whether traffic comes", () => {
      for (const [name, port] of [
        ["generator", "generator"],
        ["nginx", "reloader"],
      ] as const) {
        const container = containerOf(template, name);
        assert.deepEqual(container.startupProbe?.httpGet, { path: "/healthz", port });
        assert.deepEqual(container.livenessProbe?.httpGet, { path: "/healthz", port });
        const { periodSeconds = 0, failureThreshold = 0 } = container.livenessProbe ?? {};
        assert.ok(periodSeconds * failureThreshold >= 60, "a slow moment is no death");
      }
      assert.deepEqual(containerOf(template, "nginx").readinessProbe?.httpGet, { path: "/readyz", port: "reloader" });
      assert.equal(containerOf(template, "generator").readinessProbe, undefined);
    });

    it("ends only when its endpoint is withdrawn, and has the time to drain", () => {
      const nginx = containerOf(template, "nginx");
      const [program, pause = "0"] = nginx.lifecycle?.preStop?.exec?.command ?? [];
      assert.equal(program, "sleep");
      assert.ok(Number(pause) >= 10);
      const shutdown = secondsOf(workerShutdownTimeout(nginx));
      assert.ok(shutdown > 0);
      assert.ok((spec.terminationGracePeriodSeconds ?? 0) > Number(pause) + shutdown + 3);
    });

    it("takes no settings from the Services of its namespace", () => assert.equal(spec.enableServiceLinks, false));

    it("names images by a version, without a registry", () => {
      each(({ image }) => assert.match(image, /^hotroute(?:-nginx)?:\d+\.\d+\.\d+$/));
    });
  });
}

describe("the Deployment", () => {
  const deployment = only(readObjects("base/deployment.yaml"), "Deployment") as KubeObject & {
    readonly spec: {
      readonly replicas: number;
      readonly strategy: unknown;
      readonly template: { readonly spec: PodTemplate["spec"] };
    };
  };

  it("has two replicas, on two nodes, and never fewer in a rollout", () => {
    assert.equal(deployment.spec.replicas, 2);
    assert.deepEqual(deployment.spec.strategy, {
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    const [nodes] = deployment.spec.template.spec.topologySpreadConstraints ?? [];
    assert.equal(nodes?.topologyKey, "kubernetes.io/hostname");
    assert.equal(nodes?.whenUnsatisfiable, "DoNotSchedule");
    assert.deepEqual(nodes?.matchLabelKeys, ["pod-template-hash"]);
  });

  it("is the Pod of pod.yaml, but for settings and spread", () => {
    const [pod] = podTemplates().filter(({ from }) => from === "pod.yaml: Pod");
    const { topologySpreadConstraints: _, ...spec } = deployment.spec.template.spec;
    const plain = (container: Container): unknown => ({ ...container, env: undefined, envFrom: undefined });
    const normal = (given: object): unknown => {
      const { initContainers, containers, ...rest } = given as PodTemplate["spec"];
      return { ...rest, initContainers: initContainers.map(plain), containers: containers.map(plain) };
    };
    assert.deepEqual(normal(pod?.spec ?? {}), normal(spec));
  });
});

describe("restrictedViolations()", () => {
  const [template] = templates;
  assert.ok(template);
  const nginx = containerOf(template, "nginx");
  const spoiledBy = (change: Partial<Container>): readonly string[] =>
    restrictedViolations({ ...template.spec, containers: [{ ...nginx, ...change }] });
  const context = nginx.securityContext ?? {};

  it("finds each field that a container lacks or has", () => {
    assert.deepEqual(spoiledBy({}), []);
    for (const field of ["allowPrivilegeEscalation", "runAsNonRoot", "seccompProfile"]) {
      assert.deepEqual(spoiledBy({ securityContext: { ...context, [field]: undefined } }), [`nginx: ${field}`]);
    }
    const { capabilities: _, ...uncapped } = context;
    assert.deepEqual(spoiledBy({ securityContext: uncapped }), ["nginx: capabilities.drop"]);
    assert.deepEqual(spoiledBy({ securityContext: { ...context, runAsUser: 0 } }), ["nginx: runAsUser 0"]);
    assert.deepEqual(spoiledBy({ securityContext: { ...context, privileged: true } }), ["nginx: privileged"]);
    assert.deepEqual(spoiledBy({ ports: [{ name: "http", containerPort: 8080, hostPort: 80 }] }), [
      "nginx: hostPort 80",
    ]);
  });

  it("finds what the Pod shares with its node", () => {
    const { spec } = template;
    assert.deepEqual(restrictedViolations({ ...spec, hostNetwork: true }), ["hostNetwork"]);
    assert.deepEqual(restrictedViolations({ ...spec, volumes: [{ name: "host", hostPath: { path: "/" } }] }), [
      "volume host",
    ]);
    assert.deepEqual(restrictedViolations({ ...spec, securityContext: {} }), [
      "Pod: runAsNonRoot",
      "Pod: seccompProfile",
    ]);
  });
});
