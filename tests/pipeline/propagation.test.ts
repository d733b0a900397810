import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventsOf, waitForEvents } from "../generator/events-fixture.ts";
import { apiServerKindsByNight, createService, exposed, patchService } from "../support/api-servers.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type Pod, startPod } from "../support/hotroute-pod.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";

const [nginx] = nginxBinaries;

for (const kind of apiServerKindsByNight) {
  describe(`what the generator learns of nginx, with the ${kind.kind}`, { skip: kind.skip || skipWithoutNginx }, () => {
    let server: TestApiServer;
    let pod: Pod;
    const backends: Backend[] = [];
    before(async () => {
      assert.ok(nginx);
      server = await kind.start();
      for (const name of ["before", "shop", "twin"]) {
        const labels = name === "before" ? exposed("before.example.com") : {};
        const { clusterIP } = await createService(server, { name, labels });
        backends.push(await startBackend(name, clusterIP, 8000));
      }
      pod = await startPod(nginx, server.kubeconfigPath);
      await waitFor("nginx", async () => (await pod.answer("before.example.com")) === "before");
      await pod.generator.waitForLog("watching Services");
      await waitFor("the reloader's verdict", async () => (await pod.readStatus())?.state === "applied");
    });
    after(async () => {
      await pod?.stop();
      for (const backend of backends) await backend.stop();
      await server?.stop();
    });
    const live = (name: string) =>
      waitFor(`${name} to be live`, () =>
        pod.generator.log().find(({ msg, changed }) => msg === "live" && String(changed).includes(name)),
      );
    const count = () => pod.metric("generator", "hotroute_propagation_seconds_count");
    const sum = () => pod.metric("generator", "hotroute_propagation_seconds_sum");

    it("a label routes a Service; once nginx serves it its Event says so, and the time is from the event until then", async (t) => {
      const [countBefore, sumBefore] = [await count(), await sum()];
      const labelledMs = performance.now();
      await patchService(server, "shop", { metadata: { labels: exposed("shop.example.com") } });
      const [routed] = await waitForEvents(server, "shop", 1);
      const toldMs = performance.now() - labelledMs;
      assert.equal(await pod.answer("shop.example.com"), "shop", "what is told is so");
      assert.deepEqual([routed?.type, routed?.reason], ["Normal", "Routed"]);
      assert.match(
        routed?.note ?? "",
        /^nginx serves shop\.example\.com \/ \(Prefix\), \d+ ms after the change was seen$/,
      );
      const { propagationMs, sha256 } = await live("default/shop");
      assert.equal(await count(), countBefore + 1);
      const measuredMs = ((await sum()) - sumBefore) * 1000;
      assert.ok(Math.abs(measuredMs - Number(propagationMs)) <= 1);
      const status = await pod.readStatus();
      assert.ok(status?.files["default.conf"]?.startsWith(String(sha256)));
      const { testedMs, settledMs } = status ?? {};
      t.diagnostic(`propagation ${propagationMs} ms; nginx -t ${testedMs} ms, settled after ${settledMs} ms`);
      assert.ok(
        Number(propagationMs) >= (testedMs ?? 0) + (settledMs ?? 0),
        "until settled, not until the first answer",
      );
      assert.ok(Number(propagationMs) <= toldMs);
    });

    it("who was routed at the start is told nothing, a Service whose change is refused neither", async () => {
      await patchService(server, "twin", {
        metadata: { labels: { ...exposed("twin.example.com"), "hotroute.io/port": "x_y" } },
      });
      const [problem, ...others] = await waitForEvents(server, "twin", 1);
      assert.deepEqual([problem?.reason, others], ["InvalidValue", []]);
      await patchService(server, "twin", { metadata: { labels: { "hotroute.io/port": null } } });
      await waitFor("Routed", async () => (await eventsOf(server, "twin")).some(({ reason }) => reason === "Routed"));
      assert.equal(await pod.answer("twin.example.com"), "twin");
      assert.deepEqual(await eventsOf(server, "before"), []);
    });

    it("changes that go live together are one observation, timed from the first", async () => {
      const countBefore = await count();
      const written = pod.generator.log().length;
      await Promise.all(
        ["shop", "twin", "before"].map((name) =>
          patchService(server, name, { metadata: { labels: { "hotroute.io/host": `${name}.moved.test` } } }),
        ),
      );
      for (const name of ["shop", "twin", "before"]) {
        await waitFor(name, async () => (await pod.answer(`${name}.moved.test`)) === name);
      }
      const files = () =>
        pod.generator
          .log()
          .slice(written)
          .filter(({ msg }) => msg === "configuration written").length;
      await waitFor("each file to be observed once", async () => (await count()) === countBefore + files());
    });
  });
}
