import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { type KubeApiServer, kubeApiServerAvailable, startKubeApiServer } from "../support/kube-apiserver.ts";
import { type Kubectl, kubectlAvailable, kubectlFor } from "../support/kubectl.ts";
import { build, type KubeObject, kustomizations, readObjects, skipWithoutKustomize } from "./objects.ts";

const [server, client] = [kubeApiServerAvailable(), kubectlAvailable()];
const skip = server !== true ? server : client !== true ? client : skipWithoutKustomize;

/** Kinds and fields by the version that brought them: an older server cannot judge them. The schema test does. */
const kindsSince: Readonly<Record<string, number>> = { PodDisruptionBudget: 21, HorizontalPodAutoscaler: 30 };
const matchLabelKeysSince = 27;

const withoutNewFields = (object: KubeObject, minor: number): KubeObject =>
  minor >= matchLabelKeysSince
    ? object
    : (JSON.parse(
        JSON.stringify(object, (key, value) => (key === "matchLabelKeys" ? undefined : value)),
      ) as KubeObject); // a copy

const isKnown = ({ apiVersion, kind }: KubeObject, minor: number): boolean =>
  apiVersion !== "monitoring.coreos.com/v1" && minor >= (kindsSince[kind] ?? 0);

describe("kubectl apply --dry-run=server, on kube-apiserver", { skip }, () => {
  let api: KubeApiServer;
  let kubectl: Kubectl;
  let minor = 0;
  before(async () => {
    api = await startKubeApiServer("everything");
    kubectl = kubectlFor(api.kubeconfigPath);
    minor = Number.parseInt(((await api.request("GET", "/version")).json() as { readonly minor: string }).minor, 10);
    // A dry run creates no namespace for what comes after it.
    for (const name of ["hotroute", "hotroute-internal", "my-team"]) {
      const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      assert.equal((await api.request("POST", "/api/v1/namespaces", { body })).status, 201);
    }
  });
  after(async () => {
    kubectl.dispose();
    await api.stop();
  });

  const dryRun = (objects: readonly KubeObject[]) =>
    kubectl(["apply", "--dry-run=server", "--validate=true", "-f", "-"], {
      stdin: objects.map((object) => stringify(withoutNewFields(object, minor))).join("---\n"),
    });

  const cases: readonly (readonly [name: string, objects: () => readonly KubeObject[]])[] = [
    ["pod.yaml", () => readObjects("pod.yaml")],
    ...kustomizations.map((folder) => [folder, () => build(folder)] as const),
  ];
  for (const [name, objects] of cases) {
    it(name, async () => {
      const known = objects().filter((object) => isKnown(object, minor));
      const { code, stdout, stderr } = await dryRun(known);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.trim().split("\n").length, known.length, stdout);
    });
  }

  it("finds what the types alone do not tell", async () => {
    const [deployment] = readObjects("base/deployment.yaml").map((object) => structuredClone(object));
    const text = JSON.stringify(deployment).replace('"name":"tmp","emptyDir"', '"name":"temp","emptyDir"');
    const { code, stderr } = await dryRun([JSON.parse(text) as KubeObject]); // a volume that a container mounts is gone
    assert.notEqual(code, 0);
    assert.match(stderr, /volumeMounts\[\d\]\.name: Not found: "tmp"/);
  });
});
