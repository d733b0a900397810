import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { denialMs } from "../../src/generator/events/denials.ts";
import { repeatAfterMs } from "../../src/generator/events/plan.ts";
import { apiServerKindsByNight, createService, deleteService, exposed, patchService } from "../support/api-servers.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { kubectlAvailable, kubectlFor } from "../support/kubectl.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import {
  allow,
  type EventsSettings,
  eventsIn,
  eventsOf,
  eventsPath,
  problemOf,
  type RunningGenerator,
  routesOf,
  runEvents,
  startGenerator,
  uidOfService,
  waitForEvents,
  writeUserKubeconfig,
} from "./events-fixture.ts";

const hasKubectl = kubectlAvailable();
const bad = { "hotroute.io/expose": "true", "hotroute.io/port": "x_y" };

/** Says for the reloader that nginx serves what the generator wrote last. */
const applyConfiguration = async (generator: RunningGenerator, text: string): Promise<void> => {
  const hash = createHash("sha256").update(text).digest("hex");
  const times = { testedMs: 1, firstMs: 2, settledMs: 3, attempts: 1, since: new Date().toISOString() };
  const files = { "default.conf": hash };
  const status = { version: 1, files, wanted: hash, live: hash, state: "applied", message: "", at: null, ...times };
  await writeFile(join(generator.run, "status.json"), JSON.stringify(status));
};

const waitForText = (generator: RunningGenerator, pattern: RegExp): Promise<string> =>
  waitFor(`default.conf to match ${pattern}`, async () => {
    const text = await generator.text();
    return pattern.test(text) ? text : null;
  });

for (const kind of apiServerKindsByNight) {
  describe(`Events on Services, with the ${kind.kind}`, { skip: kind.skip }, () => {
    let server: TestApiServer;
    let folder: string;
    before(async () => {
      server = await kind.start("roles");
      folder = await mkdtemp(join(tmpdir(), "hotroute-events-"));
    });
    after(async () => {
      await server?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });
    const start = async (t: TestContext, kubeconfigPath = server.kubeconfigPath, environment = {}) => {
      const generator = await startGenerator(kubeconfigPath, environment);
      t.after(async () => {
        await generator.program.stop();
        await rm(join(generator.run, ".."), { recursive: true, force: true });
      });
      return generator;
    };
    const run = async (t: TestContext, settings: EventsSettings = {}) => {
      const running = await runEvents(server, settings);
      t.after(running.stop);
      return running;
    };

    it("tell of a problem, and of a Service that nginx is verified to serve", async (t) => {
      await createService(server, { name: "there-before", labels: exposed("before.example.com") });
      const generator = await start(t);
      await waitForText(generator, /before\.example\.com;/);
      await createService(server, { name: "shop", labels: bad });
      const [problem] = await waitForEvents(server, "shop", 1);
      assert.ok(problem);
      const uid = await uidOfService(server, "shop");
      assert.deepEqual(problem.regarding, {
        apiVersion: "v1",
        kind: "Service",
        namespace: "default",
        name: "shop",
        uid,
      });
      assert.deepEqual(
        [problem.type, problem.reason, problem.action, problem.reportingController, problem.reportingInstance],
        ["Warning", "InvalidValue", "Route", "hotroute.io/generator", "hotroute-abc12"],
      );
      assert.match(problem.note, /^hotroute\.io\/port="x_y": expected a port's number/);
      assert.ok(Math.abs(Date.parse(problem.eventTime) - Date.now()) < 60_000);
      await patchService(server, "shop", {
        metadata: { labels: { "hotroute.io/port": null, "hotroute.io/host": "shop.example.com" } },
      });
      const text = await waitForText(generator, /server_name shop\.example\.com;/);
      assert.equal((await eventsOf(server, "shop")).length, 1, "what nginx does not serve yet is not told");
      await applyConfiguration(generator, text);
      const routed = (await waitForEvents(server, "shop", 2)).find(({ reason }) => reason === "Routed");
      assert.equal(routed?.type, "Normal");
      assert.match(
        routed?.note ?? "",
        /^nginx serves shop\.example\.com \/ \(Prefix\), \d+ ms after the change was seen$/,
      );
      assert.deepEqual(await eventsOf(server, "there-before"), [], "who was routed at the start made no transition");
      assert.equal(await generator.result("created"), 2);
      assert.equal(await generator.program.stop(), 0);
    });

    it("kubectl describe service shows them", { skip: hasKubectl === true ? false : hasKubectl }, async (t) => {
      const kubectl = kubectlFor(server.kubeconfigPath);
      t.after(kubectl.dispose);
      const { code, stdout, stderr } = await kubectl(["describe", "service", "shop"]);
      assert.equal(code, 0, stderr);
      assert.match(
        stdout,
        /Warning\s+InvalidValue\s+\S+\s+hotroute\.io\/generator\s+hotroute\.io\/port="x_y": expected/,
      );
      assert.match(stdout, /Normal\s+Routed\s+\S+\s+hotroute\.io\/generator\s+nginx serves shop\.example\.com/);
      t.diagnostic(stdout);
    });

    it("row 36: two replicas converge to the same bytes and make one Event, not two; the restart of one repeats none", async (t) => {
      await createService(server, { name: "twice", labels: bad });
      const both = await Promise.all([start(t), start(t, server.kubeconfigPath, { HOSTNAME: "hotroute-xyz89" })]);
      const sum = async (result: string): Promise<number> => {
        const counts = await Promise.all(both.map((generator) => generator.result(result)));
        return counts.reduce((total, count) => total + count, 0);
      };
      await waitFor("both to have posted", async () => (await sum("created")) + (await sum("exists")) === 2);
      assert.deepEqual([await sum("created"), await sum("exists")], [1, 1]);
      const names = Array.from({ length: 8 }, (_, index) => `replicated-${index}`);
      await Promise.all(names.map((name) => createService(server, { name, labels: exposed(`${name}.example.com`) })));
      const [one, two] = both;
      for (const name of names) await waitForText(one, new RegExp(`server_name ${name}\\.example\\.com;`));
      const text = await one.text();
      await waitFor("the same bytes", async () => (await two.text()) === text);
      await two.program.stop();
      const again = await start(t, server.kubeconfigPath, { HOSTNAME: "hotroute-xyz89" });
      await waitFor("the Event to be found", async () => (await again.result("exists")) === 1);
      assert.equal(await again.text(), text);
      await Promise.all(names.map((name) => deleteService(server, name)));
      await one.program.stop();
      assert.equal(await again.result("created"), 0);
      const events = await eventsOf(server, "twice");
      assert.deepEqual([events.length, events[0]?.series ?? null], [1, null]);
      await deleteService(server, "twice");
    });

    it("EVENTS=false posts none", async (t) => {
      await createService(server, { name: "silent", labels: bad });
      const silent = await start(t, server.kubeconfigPath, { EVENTS: "false" });
      await silent.program.waitForLog("a Service has a problem");
      const loud = await start(t);
      await waitForEvents(server, "silent", 1);
      for (const result of ["created", "exists", "failed", "denied"]) assert.equal(await silent.result(result), 0);
      assert.equal(await loud.result("created"), 1);
      await deleteService(server, "silent");
    });

    it("at most five requests are sent in a second, and a problem that is gone by then is not told", async (t) => {
      const { events, sent, result } = await run(t);
      const problems = Array.from({ length: 14 }, (_, index) => problemOf(`rate-${String(index).padStart(2, "0")}`));
      events.observe(problems);
      await waitFor("the first", () => sent.length > 0);
      events.observe(problems.slice(0, -2));
      await waitFor("all that stand", async () => (await result("created")) === 12);
      for (const { atMs } of sent) {
        const inSecond = sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + 990);
        assert.ok(inSecond.length <= 5, `${inSecond.length} in a second`);
      }
      assert.ok((sent[11]?.atMs ?? 0) - (sent[0]?.atMs ?? 0) >= 1990);
      assert.deepEqual([await eventsOf(server, "rate-12"), await eventsOf(server, "rate-13")], [[], []]);
    });

    it("what stands becomes a series every 30 minutes, once for two replicas; what has expired is created", async (t) => {
      const clock = createFakeClock();
      const startMs = Date.now();
      const settings = { clock, wallNowMs: () => startMs + clock.nowMs() };
      const one = await run(t, settings);
      const two = await run(t, settings);
      const problems = [problemOf("stands")];
      const total = async (name: "created" | "exists" | "series"): Promise<number> =>
        (await one.result(name)) + (await two.result(name));
      for (const { events } of [one, two]) events.observe(problems);
      await waitFor("both", async () => (await total("created")) + (await total("exists")) === 2);
      for (let round = 1; round <= 2; round += 1) {
        clock.advance(repeatAfterMs);
        await waitFor(
          `round ${round}`,
          async () => (await total("series")) + (await total("exists")) === 1 + 2 * round,
        );
        const [event, ...others] = await eventsOf(server, "stands");
        assert.deepEqual(others, []);
        assert.equal(event?.series?.count, round + 1);
        assert.equal(Date.parse(event?.series?.lastObservedTime ?? ""), startMs + round * repeatAfterMs);
      }
      assert.equal(await total("series"), 2);
      const [event] = await eventsOf(server, "stands");
      await server.request("DELETE", `${eventsPath("default")}/${event?.metadata.name}`);
      clock.advance(repeatAfterMs);
      await waitFor("the Event to be created again", async () => (await total("created")) === 2);
      assert.equal((await eventsOf(server, "stands")).length, 1);
    });

    it("Routed is told once for two replicas, and becomes a series when the Service is routed again", async (t) => {
      const clock = createFakeClock();
      const startMs = Date.now();
      const settings = { clock, wallNowMs: () => startMs + clock.nowMs() };
      const [one, two] = [await run(t, settings), await run(t, settings)];
      const routes = routesOf({ again: "again.example.com" });
      const live = (hash: string, propagationMs: number) => [
        { hash, seenAtMs: 0, changed: [], changes: 1, propagationMs },
      ];
      for (const { events } of [one, two]) {
        events.published([], "first");
        events.published(routes, "second");
      }
      one.events.live(live("second", 100));
      await waitFor("the Event", async () => (await one.result("created")) === 1);
      clock.advance(30_000);
      two.events.live(live("second", 30_100));
      await waitFor("the other replica to find it", async () => (await two.result("exists")) === 1);
      assert.equal((await eventsOf(server, "again"))[0]?.series ?? null, null);
      one.events.published([], "third");
      one.events.published(routes, "fourth");
      clock.advance(600_000);
      one.events.live(live("fourth", 50));
      await waitFor("the series", async () => (await one.result("series")) === 1);
      const [event, ...others] = await eventsOf(server, "again");
      assert.deepEqual([event?.series?.count, event?.reason, others], [2, "Routed", []]);
      assert.match(event?.note ?? "", /100 ms after/);
    });

    it("an API server that is away is waited for; stopping waits for nothing", async (t) => {
      const proxy = await startFaultyProxy(server.url);
      t.after(() => proxy.stop());
      const kubeconfigPath = join(folder, "proxied");
      await writeFile(kubeconfigPath, kubeconfigFor({ ...server, url: proxy.url }));
      const clock = createFakeClock();
      const { events, result, log, sent, stop } = await run(t, { clock, kubeconfigPath });
      proxy.setMode({ kind: "refuse" });
      events.observe([problemOf("away")]);
      for (let failures = 1; failures <= 12; failures += 1) {
        await waitFor(`failure ${failures}`, async () => (await result("failed")) === failures);
        clock.advance(20_000);
      }
      const waiting = log.filter(({ msg }) => msg === "Events wait, the API server did not answer as it should");
      assert.equal(waiting.length, 1);
      proxy.setMode({ kind: "pass" });
      await waitFor("the Event", async () => {
        clock.advance(20_000);
        return (await result("created")) === 1;
      });
      proxy.setMode({ kind: "swallow" });
      const sentBefore = sent.length;
      events.observe([problemOf("away"), problemOf("swallowed")]);
      await waitFor("the request", () => sent.length > sentBefore);
      const startMs = performance.now();
      await stop();
      assert.ok(performance.now() - startMs < 5000);
    });

    it("a namespace that is gone, or going, is no failure worth a warning", async (t) => {
      const { events, result, log } = await run(t);
      await server.request("POST", "/api/v1/namespaces", { body: { metadata: { name: "going" } } });
      await server.request("DELETE", "/api/v1/namespaces/going");
      events.observe([problemOf("a", "x_y", "going"), problemOf("b", "x_y", "never-there"), problemOf("c")]);
      await waitFor("all three", async () => (await result("failed")) === 2 && (await result("created")) === 1);
      assert.deepEqual([await result("denied"), log.map(({ msg }) => msg)], [0, Array(2).fill("an Event was refused")]);
      assert.ok(log.every(({ level }) => level === 20));
    });

    it("without permission one warning says what is missing, and all else goes on", async (t) => {
      if (server.kind !== "kube-apiserver") {
        t.skip("a server without RBAC");
        return;
      }
      const kubeconfigPath = await writeUserKubeconfig(server, "watcher", folder);
      await allow(server, "watcher", [{ apiGroups: [""], resources: ["services"], verbs: ["list", "watch"] }]);
      await createService(server, { name: "unheard", labels: bad });
      await createService(server, { name: "unheard-too", labels: bad });
      const generator = await start(t, kubeconfigPath);
      const warning = await generator.program.waitForLog("not allowed to post Events, all else goes on");
      assert.deepEqual(
        [warning.level, warning.verb, warning.resource, warning.namespace],
        ["warn", "create", "events.events.k8s.io", "default"],
      );
      assert.match(String(warning.reason), /not allowed to create events\.events\.k8s\.io in namespace default/);
      assert.equal(warning.rule, "apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch, get]");
      await createService(server, { name: "heard", labels: exposed("heard.example.com") });
      await waitForText(generator, /heard\.example\.com;/);
      assert.equal(await generator.result("denied"), 1, "the second was not tried");
      await deleteService(server, "unheard");
      await deleteService(server, "unheard-too");
      await deleteService(server, "heard");
      assert.equal(await generator.program.stop(), 0);
    });

    it("what was denied is tried again after ten minutes, without another warning", async (t) => {
      if (server.kind !== "kube-apiserver") {
        t.skip("a server without RBAC");
        return;
      }
      const kubeconfigPath = await writeUserKubeconfig(server, "granted-late", folder);
      const clock = createFakeClock();
      const { events, result, log } = await run(t, { clock, kubeconfigPath });
      events.observe([problemOf("late")]);
      await waitFor("the refusal", async () => (await result("denied")) === 1);
      await waitFor("the second refusal", async () => {
        clock.advance(denialMs);
        return (await result("denied")) === 2;
      });
      await allow(server, "granted-late", [
        { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "get"] },
      ]);
      await waitFor("the Event", async () => {
        clock.advance(denialMs);
        return (await result("created")) === 1;
      });
      assert.equal((await eventsIn(server)).filter(({ regarding }) => regarding.name === "late").length, 1);
      assert.deepEqual(
        log.filter(({ level }) => Number(level) >= 40).map(({ msg }) => msg),
        ["not allowed to post Events, all else goes on"],
      );
      assert.equal(log.at(-1)?.msg, "Events are allowed again");
    });
  });
}
