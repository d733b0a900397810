import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { after, before, describe, it } from "node:test";
import { apiServerKindsByNight } from "../support/api-servers.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { eventsIn } from "./events-fixture.ts";
import { serves, startGenerator } from "./running-generator.ts";

/** Creates many Services over a few connections. */
const createServices = async (server: TestApiServer, group: string, count: number): Promise<void> => {
  const isSecure = server.url.startsWith("https:");
  const agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true, maxSockets: 8 });
  const create = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const name = `${group}-${index}`;
      const labels = { "hotroute.io/expose": "true", "hotroute.io/host": `${name}.example.com`, group };
      const metadata = { name, labels };
      const headers = {
        "content-type": "application/json",
        ...(server.token === null ? {} : { authorization: `Bearer ${server.token}` }),
      };
      const tls = server.caPem === null ? {} : { ca: server.caPem };
      const url = `${server.url}/api/v1/namespaces/default/services`;
      const sent = (isSecure ? secureRequest : request)(url, { method: "POST", agent, headers, ...tls }, (answer) => {
        answer.resume();
        answer.on("end", () =>
          answer.statusCode === 201 ? resolve() : reject(new Error(`creating ${name}: ${answer.statusCode}`)),
        );
      });
      sent.on("error", reject);
      sent.end(JSON.stringify({ metadata, spec: { ports: [{ name: "http", port: 80, protocol: "TCP" }] } }));
    });
  try {
    await Promise.all(Array.from({ length: count }, (_, index) => create(index)));
  } finally {
    agent.destroy();
  }
};

for (const kind of apiServerKindsByNight) {
  describe(`many Services with the ${kind.kind}`, { skip: kind.skip }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    it("row 29: one invalid Service among 1,000: 999 are routed, one Event", async (t) => {
      await createServices(server, "mixed", 1000);
      const bad = { metadata: { labels: { "hotroute.io/port": "x_y" } } };
      const path = "/api/v1/namespaces/default/services/mixed-500";
      await server.request("PATCH", path, { body: bad, contentType: "application/merge-patch+json" });
      const generator = await startGenerator(t, {
        kubeconfig: kubeconfigFor(server),
        environment: { SERVICE_SELECTOR: "group=mixed" },
      });
      await generator.routed("mixed-999.example.com");
      const text = await generator.text();
      const names = Array.from({ length: 1000 }, (_, index) => `mixed-${index}`);
      const upstreams = names.filter((name) => text.includes(`upstream ${name}.default.80 {`));
      assert.deepEqual([upstreams.length, upstreams.includes("mixed-500")], [999, false]);
      assert.equal(await generator.metric("hotroute_routes"), 999);
      await waitFor("the Event", async () => (await eventsIn(server)).length > 0);
      await generator.waitForMetric('hotroute_service_events_total{result="created"}', (value) => value === 1);
      const events = await eventsIn(server);
      assert.deepEqual(
        events.map(({ regarding, reason }) => [regarding.name, reason]),
        [["mixed-500", "InvalidValue"]],
      );
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 37: 5,000 Services at start are a configuration at once when the API server answers", async (t) => {
      await createServices(server, "start", 5000);
      const proxy = await startFaultyProxy(server.url);
      t.after(() => proxy.stop());
      proxy.setMode({ kind: "refuse" });
      const generator = await startGenerator(t, {
        kubeconfig: kubeconfigFor({ ...server, url: proxy.url }),
        environment: { SERVICE_SELECTOR: "group=start", EVENTS: "false" },
      });
      await generator.program.waitForLog("the API server did not answer as it should, the last configuration stands");
      const { accepted } = proxy;
      proxy.setMode({ kind: "pass" });
      await waitFor("the first connection", () => proxy.accepted > accepted, { everyMs: 1 });
      const startMs = performance.now();
      const text = await waitFor("the configuration", async () => (await generator.text()) || null, { everyMs: 2 });
      t.diagnostic(`first configuration ${Math.round(performance.now() - startMs)} ms after the API server answered`);
      const missing = Array.from({ length: 5000 }, (_, index) => `start-${index}.example.com`).filter(
        (host) => !serves(text, host),
      );
      assert.deepEqual(missing, []);
      assert.equal(await generator.metric("hotroute_services"), 5000);
      assert.equal(await generator.program.stop(), 0);
    });
  });
}
