import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { describeFailure } from "../../../src/kube/failure-text.ts";
import { createKubeClient } from "../../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../../src/kube/kube-config.ts";
import { startFaultyProxy } from "../../support/faulty-proxy.ts";
import type { TestApiServer } from "../../support/test-apiserver.ts";
import { waitFor } from "../../support/wait.ts";
import { createNamespace, observe } from "../fixture.ts";

/** A service account folder whose token a test rotates as the kubelet does: by rename. */
const createTokenFolder = async (caPem: string) => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-token-"));
  await writeFile(join(folder, "ca.crt"), caPem);
  const writeToken = async (text: string): Promise<void> => {
    await writeFile(join(folder, "next"), `${text}\n`);
    await rename(join(folder, "next"), join(folder, "token"));
  };
  return { folder, writeToken, remove: () => rm(folder, { recursive: true }) };
};

export const accessTests = (given: () => TestApiServer): void => {
  it("a token that is no longer accepted is read anew, on list and on watch", async (t) => {
    const server = given();
    const { token, caPem } = server;
    if (token === null || caPem === null) {
      t.skip("a server without TLS and tokens");
      return;
    }
    const namespace = await createNamespace(server);
    await namespace.create("web", "a");
    const { folder, writeToken, remove } = await createTokenFolder(caPem);
    t.after(remove);
    await writeToken("expired");
    const proxy = await startFaultyProxy(server.url);
    t.after(() => proxy.stop());
    const { hostname, port } = new URL(proxy.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const client = createKubeClient(await loadKubeAccess(env, folder));
    const observed = observe(t, { client, labelSelector: namespace.selector });
    const refusals = (): number => observed.attempts.filter(({ result }) => result === "unauthorized").length;
    await waitFor("the refusal", () => refusals() > 0);
    assert.equal(observed.reflector.synced, false);
    await writeToken(token);
    await observed.watching();
    const before = refusals();
    await writeToken("expired");
    proxy.cut("reset");
    await waitFor("the refusal on the watch", () => refusals() > before);
    await namespace.patch("web", { metadata: { annotations: { host: "b" } } });
    await writeToken(token);
    await waitFor("the change", () => observed.host(`${namespace.name}/web`) === "b");
    assert.equal(observed.lists(), 1);
  });

  it("a token file that is gone for a while is waited for", async (t) => {
    const server = given();
    const { token, caPem } = server;
    if (token === null || caPem === null) {
      t.skip("a server without TLS and tokens");
      return;
    }
    const { folder, writeToken, remove } = await createTokenFolder(caPem);
    t.after(remove);
    await writeToken(token);
    const { hostname, port } = new URL(server.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const client = createKubeClient(await loadKubeAccess(env, folder));
    await rm(join(folder, "token"));
    const observed = observe(t, { client });
    const failure = await waitFor("the failure", () => {
      const { state } = observed.reflector;
      return state.kind === "backing-off" ? state.failure : null;
    });
    assert.equal(failure.kind, "credentials");
    assert.match(describeFailure(failure), /no credentials: .*\/token/);
    await writeToken(token);
    await observed.watching();
  });

  it("a missing permission says verb, resource and namespace, and is tried again", async (t) => {
    const server = given();
    if (server.kind !== "kube-apiserver") {
      t.skip("a server without RBAC");
      return;
    }
    const namespace = await createNamespace(server);
    await namespace.create("web", "a");
    const folder = await mkdtemp(join(tmpdir(), "hotroute-rbac-"));
    t.after(() => rm(folder, { recursive: true }));
    // An impersonated user has no rights but those that RBAC gives: the API server itself refuses.
    const kubeconfig = {
      clusters: [
        { name: "c", cluster: { server: server.url, "certificate-authority-data": btoa(server.caPem ?? "") } },
      ],
      users: [{ name: "u", user: { token: server.token, as: "reader" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    const path = join(folder, "config");
    await writeFile(path, JSON.stringify(kubeconfig));
    const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: path }));
    const observed = observe(t, { client, namespace: namespace.name });
    const allow = async (verbs: readonly string[]): Promise<void> => {
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace.name}`;
      const role = { metadata: { name: "reader" }, rules: [{ apiGroups: [""], resources: ["services"], verbs }] };
      const made = await server.request("POST", `${rbac}/roles`, { body: role });
      if (made.status === 409) await server.request("PUT", `${rbac}/roles/reader`, { body: role });
      const binding = {
        metadata: { name: "reader" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "reader" }],
      };
      await server.request("POST", `${rbac}/rolebindings`, { body: binding });
    };
    const denied = (verb: string) =>
      waitFor(`${verb} to be refused`, () => {
        const { state } = observed.reflector;
        return state.kind === "backing-off" && state.failure.kind === "forbidden" && state.failure.denied.verb === verb
          ? state.failure
          : null;
      });
    const onList = await denied("list");
    assert.deepEqual(onList.denied, { verb: "list", resource: "services", namespace: namespace.name });
    assert.match(describeFailure(onList), new RegExp(`not allowed to list services in namespace ${namespace.name}`));
    await allow(["list"]);
    assert.equal((await denied("watch")).denied.verb, "watch");
    assert.equal(observed.reflector.size, 1);
    await allow(["list", "watch"]);
    await observed.watching();
    await namespace.create("late");
    await waitFor("the watch", () => observed.reflector.size === 2);
  });
};
