import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { apiServerKindsByNight, createService, deleteService, exposed, patchService } from "../support/api-servers.ts";
import { startFaultyApi } from "../support/faulty-api.ts";
import type { Fault } from "../support/faulty-intermediary.ts";
import { createNamespace, exposeService } from "../support/namespaces.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { serves, startGenerator, watchHosts } from "./running-generator.ts";

const held = "a list lacks most of the Services: they stay routed until a second list confirms it";
const confirmed = "a second list confirms it: the Services are gone";
const back = "Services that a list lacked are back";
/** Longer than any test: what is held stays held. */
const endless = "3600000";

/** Services of a test's own, selected by a label of their own. */
const createGroup = async (server: TestApiServer, group: string, count: number) => {
  const labels = (name: string) => ({ ...exposed(`${name}.example.com`), group });
  const names = Array.from({ length: count }, (_, index) => `${group}-${index}`);
  await Promise.all(names.map((name) => createService(server, { name, labels: labels(name) })));
  return {
    names,
    hosts: names.map((name) => `${name}.example.com`),
    selector: `hotroute.io/expose=true,group=${group}`,
    create: (name: string) => createService(server, { name, labels: labels(name) }),
  };
};

/** What a server says that knows of no Service. */
const emptyList = async (server: TestApiServer): Promise<Fault> => {
  const answer = await server.request("GET", "/api/v1/services?limit=1");
  const { metadata } = answer.json() as { readonly metadata: { readonly resourceVersion: string } };
  const { resourceVersion } = metadata;
  const body = { kind: "ServiceList", apiVersion: "v1", metadata: { resourceVersion }, items: [] };
  return { kind: "answer", status: 200, body: JSON.stringify(body) };
};

for (const kind of apiServerKindsByNight) {
  describe(`mass deletions with the ${kind.kind}`, { skip: kind.skip, concurrency: 2 }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    const begin = async (t: TestContext) => {
      const api = await startFaultyApi(server);
      t.after(() => api.stop());
      return api;
    };

    it("row 28: Services that a list lacks with most others stay routed, all else goes on, and a list that has them ends it", async (t) => {
      const api = await begin(t);
      const { names, hosts, selector, create } = await createGroup(server, "lost", 12);
      const generator = await startGenerator(t, {
        kubeconfig: api.kubeconfig,
        environment: { SERVICE_SELECTOR: selector, MASS_DELETE_HOLD_MS: endless },
      });
      await generator.routed(hosts.at(-1) ?? "");
      const watched = watchHosts(generator, hosts.slice(1));
      const lie = await emptyList(server);
      api.expire(() => lie);
      const warning = await generator.program.waitForLog(held);
      assert.deepEqual([warning.level, warning.gone, warning.total, warning.namespace], ["warn", 12, 12, null]);
      assert.ok(Date.parse(String(warning.heldUntil)) > Date.now());
      assert.equal(await generator.metric("hotroute_held_services"), 12);
      await create("lost-late");
      await generator.routed("lost-late.example.com");
      await patchService(server, names[0] ?? "", { metadata: { labels: { "hotroute.io/host": "moved.example.com" } } });
      await generator.routed("moved.example.com");
      assert.equal(serves(await generator.text(), hosts[0] ?? ""), false, "what a watch says of one is believed");
      assert.equal(await generator.metric("hotroute_held_services"), 11);
      assert.equal(await generator.metric("hotroute_services"), 13);
      await deleteService(server, names[1] ?? "");
      await generator.notRouted(hosts[1] ?? "");
      assert.equal(await generator.metric("hotroute_held_services"), 10, "a deletion that a watch tells is believed");
      api.expire();
      await generator.waitForMetric("hotroute_held_services", (value) => value === 0);
      assert.equal(generator.lines(back).at(-1)?.gone, 0);
      assert.deepEqual(generator.lines(confirmed), []);
      assert.deepEqual(await watched.stop(), [hosts[1]]);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 28: what a second list lacks too is gone", async (t) => {
      const api = await begin(t);
      const { names, hosts, selector } = await createGroup(server, "gone", 14);
      const holdMs = 1500;
      const generator = await startGenerator(t, {
        kubeconfig: api.kubeconfig,
        environment: { SERVICE_SELECTOR: selector, MASS_DELETE_HOLD_MS: String(holdMs) },
      });
      await generator.routed(hosts.at(-1) ?? "");
      api.away();
      await Promise.all(names.slice(0, 12).map((name) => deleteService(server, name)));
      api.expire();
      const warning = await generator.program.waitForLog(held);
      assert.deepEqual([warning.gone, warning.total], [12, 14]);
      const end = await generator.program.waitForLog(confirmed);
      assert.equal(end.gone, 12);
      assert.ok(Date.parse(String(end.time)) - Date.parse(String(warning.time)) >= holdMs - 10);
      await generator.notRouted(hosts[0] ?? "");
      const text = await generator.text();
      assert.deepEqual(
        hosts.filter((host) => serves(text, host)),
        hosts.slice(12),
      );
      assert.equal(await generator.metric("hotroute_held_services"), 0);
      assert.equal(await generator.metric('hotroute_lists_total{result="ok"}'), 3);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 28: deletions that a watch tells are believed at once, and so is a list where fewer are gone", async (t) => {
      const api = await begin(t);
      const { names, hosts, selector } = await createGroup(server, "told", 24);
      const generator = await startGenerator(t, {
        kubeconfig: api.kubeconfig,
        environment: { SERVICE_SELECTOR: selector, MASS_DELETE_HOLD_MS: endless },
      });
      await generator.routed(hosts.at(-1) ?? "");
      await Promise.all(names.slice(0, 15).map((name) => deleteService(server, name)));
      for (const host of hosts.slice(0, 15)) await generator.notRouted(host);
      api.away();
      await Promise.all(names.slice(15).map((name) => deleteService(server, name)));
      api.expire();
      for (const host of hosts) await generator.notRouted(host);
      assert.deepEqual(generator.lines(held), []);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 28: a generator that starts in the middle of it keeps what the one before wrote, until a second list confirms it", async (t) => {
      const api = await begin(t);
      const { hosts, selector, create } = await createGroup(server, "restart", 12);
      const environment = { SERVICE_SELECTOR: selector, MASS_DELETE_HOLD_MS: endless };
      const first = await startGenerator(t, { kubeconfig: api.kubeconfig, environment });
      await first.routed(hosts.at(-1) ?? "");
      const lie = await emptyList(server);
      api.expire(() => lie);
      await first.program.waitForLog(held);
      const before_ = await first.text();
      first.program.child.kill("SIGKILL");
      await first.program.ended;
      const { folder } = first;
      const second = await startGenerator(t, { kubeconfig: api.kubeconfig, environment, folder });
      assert.equal((await second.program.waitForLog(held)).total, 12);
      const ready = await second.get("/readyz");
      assert.deepEqual([ready.status, /^ok\n.*lacks most of its Services/.test(ready.body)], [200, true]);
      await create("restart-late");
      await second.waitForMetric('hotroute_events_total{type="ADDED"}', (value) => value === 1);
      assert.equal(await second.text(), before_);
      await second.program.stop();
      const short = { ...environment, MASS_DELETE_HOLD_MS: "1000" };
      const third = await startGenerator(t, { kubeconfig: api.kubeconfig, environment: short, folder });
      assert.equal((await third.program.waitForLog(confirmed)).gone, 12);
      for (const host of hosts) await third.notRouted(host);
      await third.program.stop();
      api.expire();
      const fourth = await startGenerator(t, { kubeconfig: api.kubeconfig, environment, folder });
      for (const host of hosts) await fourth.routed(host);
      assert.deepEqual(fourth.lines(held), []);
      assert.equal(await fourth.program.stop(), 0);
    });

    it("row 28: each of several namespaces is counted by itself", async (t) => {
      const api = await begin(t);
      const names = Array.from({ length: 12 }, (_, index) => `web-${index}`);
      for (const namespace of ["many", "few"]) {
        await createNamespace(server, namespace);
        await Promise.all(names.map((name) => exposeService(server, namespace, name, `${name}.${namespace}.test`)));
      }
      const generator = await startGenerator(t, {
        kubeconfig: api.kubeconfig,
        environment: { NAMESPACES: "many,few", MASS_DELETE_HOLD_MS: endless },
      });
      await generator.routed("web-11.few.test");
      api.away();
      const remove = async (namespace: string, name: string): Promise<void> => {
        await server.request("DELETE", `/api/v1/namespaces/${namespace}/services/${name}`);
      };
      await Promise.all(names.map((name) => remove("many", name)));
      await Promise.all(names.slice(0, 5).map((name) => remove("few", name)));
      api.expire();
      for (const name of names.slice(0, 5)) await generator.notRouted(`${name}.few.test`);
      const { namespace, gone, total } = await generator.program.waitForLog(held);
      assert.deepEqual([namespace, gone, total], ["many", 12, 12]);
      const text = await generator.text();
      for (const name of names) assert.ok(serves(text, `${name}.many.test`));
      assert.ok(serves(text, "web-5.few.test"));
      assert.equal(await generator.program.stop(), 0);
    });
  });
}
