import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  build,
  clusterScoped,
  type KubeObject,
  kustomizations,
  only,
  skipWithoutKustomize,
  specOf,
} from "./objects.ts";
import { podTemplatesIn } from "./pod-template.ts";

const controllers = kustomizations.filter((folder) => folder !== "examples/services");

interface Selecting {
  readonly selector?: Readonly<Record<string, string>> & { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}
const selectorOf = (object: KubeObject): Readonly<Record<string, string>> | null => {
  const { selector, podSelector } = specOf<Selecting>(object) ?? {};
  return selector?.matchLabels ?? podSelector?.matchLabels ?? selector ?? null;
};

describe("every kustomization that installs hotroute", { skip: skipWithoutKustomize }, () => {
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
});
