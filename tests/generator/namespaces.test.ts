import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it, type TestContext } from "node:test";
import { apiServerKindsByNight } from "../support/api-servers.ts";
import { createNamespace, exposeService, grantServices, kubeconfigAs, revokeServices } from "../support/namespaces.ts";
import { startRefusingProxy } from "../support/refusing-proxy.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { startGenerator as startRunningGenerator } from "./running-generator.ts";

const startGenerator = async (t: TestContext, kubeconfig: string, namespaces: string) => {
  const environment = { COMPARE_INTERVAL_MS: "200", NAMESPACES: namespaces };
  const generator = await startRunningGenerator(t, { kubeconfig, environment });
  return { ...generator, forbidden: () => generator.metric("hotroute_namespaces_forbidden") };
};

const left = "routing without the namespaces that may not be listed";

for (const kind of apiServerKindsByNight) {
  describe(`generator in namespaces with the ${kind.kind}`, { skip: kind.skip }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await kind.start("roles");
      for (const name of ["team-a", "team-b", "team-c"]) {
        await createNamespace(server, name);
        await exposeService(server, name, "web", `${name}.example.com`);
      }
    });
    after(() => server?.stop());

    const refuse = async (t: TestContext) => {
      const proxy = await startRefusingProxy(server);
      t.after(() => proxy.stop());
      return proxy;
    };

    it("follows just those", async (t) => {
      const kubeconfig = await readFile(server.kubeconfigPath, "utf8");
      const generator = await startGenerator(t, kubeconfig, "team-a,team-c");
      await generator.routed("team-c.example.com");
      await exposeService(server, "team-b", "elsewhere", "elsewhere.example.com");
      await exposeService(server, "team-c", "late", "late.example.com");
      await generator.routed("late.example.com");
      assert.match(await generator.text(), /team-a\.example\.com;/);
      assert.doesNotMatch(await generator.text(), /team-b|elsewhere/);
      assert.equal(await generator.forbidden(), 0);
      assert.equal(await generator.program.stop(), 0);
    });

    it("publishes no part of the namespaces while one is unavailable", async (t) => {
      const proxy = await refuse(t);
      proxy.answer("team-b", 503);
      const generator = await startGenerator(t, proxy.kubeconfig, "team-a,team-b");
      await waitFor("several failures", () => {
        const failures = generator.lines("the API server did not answer as it should, the last configuration stands");
        return failures.filter(({ namespace }) => namespace === "team-b").length >= 4;
      });
      // The change of the one that is watched is no reason to publish either.
      await exposeService(server, "team-a", "early", "early.example.com");
      await waitFor("the change to be seen", async () =>
        /^hotroute_events_total\{type="ADDED"\} [1-9]/m.test((await generator.get("/metrics")).body),
      );
      assert.equal(await generator.text(), "");
      assert.equal((await generator.get("/readyz")).status, 503);
      proxy.answer("team-b", null);
      await generator.routed("team-b.example.com");
      assert.match(await generator.text(), /team-a\.example\.com;/);
      assert.equal(await generator.program.stop(), 0);
    });

    it("routes the others when one is refused, says so once, and takes it in when it is allowed", async (t) => {
      const proxy = await refuse(t);
      proxy.answer("team-b", 403);
      const generator = await startGenerator(t, proxy.kubeconfig, "team-a,team-b");
      await generator.routed("team-a.example.com");
      assert.doesNotMatch(await generator.text(), /team-b/);
      assert.deepEqual(generator.lines(left)[0]?.unlisted, ["team-b"]);
      assert.equal((await generator.get("/readyz")).status, 200);
      assert.equal(await generator.forbidden(), 1);
      const [line, ...more] = generator.lines("a permission is missing");
      assert.deepEqual(more, []);
      assert.deepEqual(
        [line?.level, line?.verb, line?.resource, line?.namespace],
        ["warn", "list", "services", "team-b"],
      );
      assert.match(String(line?.grant), /a Role with list and watch on services, .* in namespace team-b/);
      proxy.answer("team-b", null);
      await generator.routed("team-b.example.com");
      await generator.program.waitForLog("the Services may be listed and watched again");
      assert.equal(await generator.forbidden(), 0);
      assert.equal(await generator.program.stop(), 0);
    });

    it("keeps the last state of one that is refused later, and says so once", async (t) => {
      const proxy = await refuse(t);
      const generator = await startGenerator(t, proxy.kubeconfig, "team-a,team-b");
      await generator.routed("team-b.example.com");
      await generator.program.waitForLog("configuration written");
      proxy.answer("team-b", 403);
      const { verb, namespace } = await generator.program.waitForLog("a permission is missing");
      assert.deepEqual([verb, namespace], ["watch", "team-b"]);
      await exposeService(server, "team-a", "after", "after.example.com");
      await generator.routed("after.example.com");
      assert.match(await generator.text(), /server_name team-b\.example\.com;/);
      assert.equal(generator.lines("a permission is missing").length, 1);
      assert.equal(await generator.program.stop(), 0);
    });

    it("needs no more than a Role in each namespace, and outlives that one is taken away", async (t) => {
      if (server.kind !== "kube-apiserver") {
        t.skip("a server without RBAC");
        return;
      }
      const user = "generator-reader";
      await grantServices(server, "team-a", user);
      const generator = await startGenerator(t, kubeconfigAs(server, user), "team-a,team-b");
      await generator.routed("team-a.example.com");
      assert.equal(generator.lines("a permission is missing")[0]?.namespace, "team-b");
      await grantServices(server, "team-b", user);
      await generator.routed("team-b.example.com");
      await revokeServices(server, "team-b", user);
      await exposeService(server, "team-a", "still", "still.example.com");
      await generator.routed("still.example.com");
      assert.match(await generator.text(), /server_name team-b\.example\.com;/);
      assert.equal(await generator.program.stop(), 0);
    });
  });
}
