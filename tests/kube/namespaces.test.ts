import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";
import { createNamespacedReflector, type NamespacedReflector } from "../../src/kube/merged-reflector.ts";
import { SERVICES } from "../../src/kube/resource.ts";
import { grantServices, kubeconfigAs } from "../support/namespaces.ts";
import { startRefusingProxy } from "../support/refusing-proxy.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { API_SERVERS, createNamespace, QUICK, type SlimService, slimService } from "./fixture.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-namespaces-"));
after(() => rm(scratch, { recursive: true, force: true }));
let files = 0;

interface Reflected {
  readonly reflector: NamespacedReflector<SlimService>;
  readonly syncs: () => number;
  /** Failures of a namespace so far. */
  readonly failures: (namespace: string, kind: string) => number;
  readonly keys: () => readonly string[];
}

const reflect = async (
  t: TestContext,
  kubeconfig: string,
  namespaces: readonly string[],
  refusalGraceMs: number,
): Promise<Reflected> => {
  files += 1;
  const path = join(scratch, `kubeconfig-${files}`);
  await writeFile(path, kubeconfig);
  const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: path }));
  const failed: string[] = [];
  let syncs = 0;
  const reflector = createNamespacedReflector<SlimService>({
    client,
    resource: SERVICES,
    namespaces,
    slim: slimService,
    limits: QUICK,
    refusalGraceMs,
    onState: (state, namespace) => {
      if (state.kind === "backing-off") failed.push(`${namespace} ${state.failure.kind}`);
    },
    onSynced: () => {
      assert.equal(reflector.synced, true);
      syncs += 1;
    },
  });
  const running = reflector.run();
  t.after(async () => {
    await reflector.stop();
    await running;
    client.close();
  });
  return {
    reflector,
    syncs: () => syncs,
    failures: (namespace, kind) => failed.filter((text) => text === `${namespace} ${kind}`).length,
    keys: () => [...reflector.snapshot()].map(({ key }) => key).sort(),
  };
};

for (const { name, skip, start } of API_SERVERS) {
  describe(`reflector over namespaces against ${name}`, { skip }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());

    const prepare = async (t: TestContext) => {
      const [one, two] = [await createNamespace(server), await createNamespace(server)];
      for (const namespace of [one, two]) await namespace.create("web");
      const proxy = await startRefusingProxy(server);
      t.after(() => proxy.stop());
      return { one, two, proxy };
    };

    it("a namespace that is refused does not block the others, and comes in when it is allowed", async (t) => {
      const { one, two, proxy } = await prepare(t);
      proxy.answer(two.name, 403);
      const { reflector, syncs, keys } = await reflect(t, proxy.kubeconfig, [one.name, two.name], 100);
      await waitFor("the other to be enough", () => reflector.synced);
      assert.deepEqual([reflector.unlisted, keys(), syncs()], [[two.name], [`${one.name}/web`], 1]);
      proxy.answer(two.name, null);
      await waitFor("the refused one to come in", () => keys().length === 2);
      assert.deepEqual([reflector.unlisted, syncs()], [[], 1]);
      await two.create("late");
      await waitFor("its watch", () => keys().length === 3);
    });

    it("within the grace a namespace that is refused is waited for", async (t) => {
      const { one, two, proxy } = await prepare(t);
      proxy.answer(two.name, 403);
      const { reflector, failures, syncs } = await reflect(t, proxy.kubeconfig, [one.name, two.name], 600_000);
      await waitFor("several refusals", () => failures(two.name, "forbidden") >= 5);
      assert.deepEqual([reflector.synced, reflector.unlisted], [false, [two.name]]);
      proxy.answer(two.name, null);
      await waitFor("both", () => reflector.synced);
      assert.deepEqual([reflector.unlisted, syncs()], [[], 1]);
    });

    it("a namespace that is merely unavailable is waited for", async (t) => {
      const { one, two, proxy } = await prepare(t);
      proxy.answer(two.name, 503);
      const { reflector, failures, syncs } = await reflect(t, proxy.kubeconfig, [one.name, two.name], 20);
      await waitFor("several failures", () => failures(two.name, "server") >= 5);
      assert.deepEqual([reflector.synced, reflector.size, syncs()], [false, 1, 0]);
      proxy.answer(two.name, null);
      await waitFor("both", () => reflector.synced);
      assert.equal(syncs(), 1);
    });

    it("when all are refused nothing is known", async (t) => {
      const { one, two, proxy } = await prepare(t);
      proxy.answer(one.name, 403);
      proxy.answer(two.name, 403);
      const { reflector, failures, syncs } = await reflect(t, proxy.kubeconfig, [one.name, two.name], 20);
      for (const namespace of [one, two]) {
        await waitFor("several refusals", () => failures(namespace.name, "forbidden") >= 5);
      }
      assert.deepEqual([reflector.synced, syncs()], [false, 0]);
      proxy.answer(one.name, null);
      await waitFor("the first to be enough", () => reflector.synced);
      assert.deepEqual([reflector.unlisted, syncs()], [[two.name], 1]);
    });

    it("a namespace that is refused later keeps its last state", async (t) => {
      const { one, two, proxy } = await prepare(t);
      const { reflector, failures, keys, syncs } = await reflect(t, proxy.kubeconfig, [one.name, two.name], 20);
      await waitFor("both", () => reflector.synced && reflector.state.kind === "watching");
      proxy.answer(two.name, 403);
      await waitFor("several refusals", () => failures(two.name, "forbidden") >= 5);
      assert.deepEqual(keys(), [`${one.name}/web`, `${two.name}/web`].sort());
      await two.create("meanwhile");
      await one.create("late");
      await waitFor("the other to be current", () => reflector.get(`${one.name}/late`) !== undefined);
      assert.deepEqual([reflector.synced, reflector.unlisted], [true, []]);
      proxy.answer(two.name, null);
      await waitFor("it to catch up", () => reflector.get(`${two.name}/meanwhile`) !== undefined);
      assert.equal(syncs(), 1);
    });

    it("a Role in each namespace suffices, and a missing one costs that namespace alone", async (t) => {
      if (server.kind !== "kube-apiserver") {
        t.skip("a server without RBAC");
        return;
      }
      const { one, two } = await prepare(t);
      await grantServices(server, one.name, "namespace-reader");
      const kubeconfig = kubeconfigAs(server, "namespace-reader");
      const { reflector, keys } = await reflect(t, kubeconfig, [one.name, two.name], 100);
      await waitFor("the other to be enough", () => reflector.synced);
      assert.deepEqual([reflector.unlisted, keys()], [[two.name], [`${one.name}/web`]]);
      await grantServices(server, two.name, "namespace-reader");
      await waitFor("it to be watched", () => keys().length === 2 && reflector.state.kind === "watching");
    });
  });
}
