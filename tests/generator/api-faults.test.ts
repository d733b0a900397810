import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { readConfig } from "../../src/generator/config.ts";
import { API_SERVERS } from "../kube/fixture.ts";
import { createService, deleteService, exposed, patchService } from "../support/api-servers.ts";
import { startFaultyApi, statusBody } from "../support/faulty-api.ts";
import type { Fault, SeenRequest } from "../support/faulty-intermediary.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { allow, writeUserKubeconfig } from "./events-fixture.ts";
import { type RunningGenerator, serves, startGenerator, watchHosts } from "./running-generator.ts";

const noAnswer = "the API server did not answer as it should, the last configuration stands";

/** A kubeconfig's text for a server at another URL, with the token in a file that a test rotates as the kubelet does. */
const withTokenFile = async (t: TestContext, server: TestApiServer, url: string) => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-token-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const config = JSON.parse(kubeconfigFor({ ...server, url, token: null })) as { users: { user: object }[] };
  const tokenFile = join(folder, "token");
  for (const entry of config.users) entry.user = { tokenFile };
  const write = async (token: string): Promise<void> => {
    await writeFile(`${tokenFile}.next`, `${token}\n`);
    await rename(`${tokenFile}.next`, tokenFile);
  };
  return { kubeconfig: JSON.stringify(config), write };
};

/** An event of 10 MB of a Service that nobody has, and of which hotroute needs a part. */
const bigEvent = (request: SeenRequest): string => {
  const labels = { ...exposed("big.example.com"), group: request.query.get("labelSelector")?.split("=").at(-1) };
  const resourceVersion = request.query.get("resourceVersion");
  const annotations = { "example.com/notes": "x".repeat(10_000_000) };
  const metadata = { namespace: "default", name: "big", resourceVersion, labels, annotations };
  const spec = { clusterIP: "127.96.99.99", ports: [{ port: 80, protocol: "TCP" }] };
  return JSON.stringify({ type: "ADDED", object: { kind: "Service", apiVersion: "v1", metadata, spec } });
};

/** What a watch is answered with in place of its events, and the failure that the generator sees. */
const watchFaults: readonly {
  readonly what: string;
  readonly result: string;
  readonly fault: (request: SeenRequest) => Fault;
}[] = [
  {
    what: "500",
    result: "server",
    fault: () => ({ kind: "answer", status: 500, body: statusBody(500, "InternalError") }),
  },
  {
    what: "429 with Retry-After",
    result: "tooManyRequests",
    fault: () => ({
      kind: "answer",
      status: 429,
      headers: { "retry-after": "1" },
      body: statusBody(429, "TooManyRequests"),
    }),
  },
  { what: "TCP reset", result: "network", fault: () => ({ kind: "lines", lines: [], ending: "reset" }) },
  {
    what: "truncated JSON",
    result: "malformed",
    fault: () => ({ kind: "lines", lines: ['{"type":"ADDED","object":{"metad'], ending: "end" }),
  },
  {
    what: "an unknown event type",
    result: "malformed",
    fault: () => ({ kind: "lines", lines: ['{"type":"MELTED","object":{}}'], ending: "hang" }),
  },
  {
    what: "a 10 MB line",
    result: "ok",
    fault: (request) => ({ kind: "lines", lines: [bigEvent(request)], ending: "end" }),
  },
];

/** What the first lists are answered with, in turn. */
const listFaults: readonly Fault[] = [
  { kind: "answer", status: 500, body: statusBody(500, "InternalError") },
  { kind: "answer", status: 429, headers: { "retry-after": "1" }, body: statusBody(429, "TooManyRequests") },
  { kind: "lines", lines: [], ending: "reset" },
  { kind: "truncate", bytes: 300 },
  { kind: "answer", status: 200, body: "<html>" },
];

for (const { name, skip, start } of API_SERVERS) {
  describe(`the API server's faults, with ${name}`, { skip, concurrency: 2 }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());

    const createGroup = async (group: string, count: number) => {
      const names = Array.from({ length: count }, (_, index) => `${group}-${index}`);
      const create = (service: string) =>
        createService(server, { name: service, labels: { ...exposed(`${service}.example.com`), group } });
      await Promise.all(names.map(create));
      return {
        names,
        create,
        hosts: names.map((service) => `${service}.example.com`),
        environment: { SERVICE_SELECTOR: `hotroute.io/expose=true,group=${group}`, EVENTS: "false" },
      };
    };
    const proxied = async (t: TestContext) => {
      const proxy = await startFaultyProxy(server.url);
      t.after(() => proxy.stop());
      return { proxy, kubeconfig: kubeconfigFor({ ...server, url: proxy.url }) };
    };
    const faulty = async (t: TestContext) => {
      const api = await startFaultyApi(server);
      t.after(() => api.stop());
      return api;
    };
    const stalenessOf = async (generator: RunningGenerator): Promise<number> =>
      Date.now() / 1000 - (await generator.metric("hotroute_last_sync_timestamp_seconds"));

    it("row 22: the API server is away while nginx serves: the configuration stands, staleness grows, its return is noticed at once", async (t) => {
      const { proxy, kubeconfig } = await proxied(t);
      const { names, hosts, environment, create } = await createGroup("away", 3);
      const generator = await startGenerator(t, { kubeconfig, environment });
      await generator.routed(hosts[2] ?? "");
      const text = await generator.text();
      proxy.setMode({ kind: "refuse" });
      proxy.cut("reset");
      await create("away-late");
      await deleteService(server, names[0] ?? "");
      // As far as the pauses between its tries grow: hours would be more of the same.
      await waitFor("the longest pause", () => generator.lines(noAnswer).some(({ attempt }) => Number(attempt) >= 6));
      const stale = await stalenessOf(generator);
      assert.ok(stale > 3, `${stale} s`);
      assert.equal(await generator.text(), text);
      assert.deepEqual([(await generator.get("/healthz")).status, (await generator.get("/readyz")).status], [200, 200]);
      assert.ok((await stalenessOf(generator)) > stale);
      const pauses = generator.lines(noAnswer).map(({ retryInMs }) => Number(retryInMs));
      assert.ok(Math.max(...pauses) <= 2000, pauses.join());
      proxy.setMode({ kind: "pass" });
      const backMs = performance.now();
      await generator.routed("away-late.example.com");
      await generator.notRouted(hosts[0] ?? "");
      t.diagnostic(`caught up ${Math.round(performance.now() - backMs)} ms after its return`);
      assert.ok((await stalenessOf(generator)) < stale);
      assert.equal(await generator.metric('hotroute_lists_total{result="ok"}'), 1, "resumed, not listed anew");
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 23: a connection that is silently dead is noticed by the idle deadline, and resumed from its resourceVersion", async (t) => {
      assert.equal(readConfig({}).watchIdleMs, 90_000);
      const { proxy, kubeconfig } = await proxied(t);
      const { hosts, environment, create } = await createGroup("dead", 2);
      const generator = await startGenerator(t, { kubeconfig, environment: { ...environment, WATCH_IDLE_MS: "1500" } });
      await generator.routed(hosts[1] ?? "");
      const text = await generator.text();
      proxy.setMode({ kind: "swallow" });
      await create("dead-late");
      const from = generator.program.log().length;
      const { reason, verb } = await generator.program.waitForLog(noAnswer, from);
      assert.equal(verb, "watch");
      assert.match(String(reason), /1500 ms/);
      assert.equal(await generator.text(), text);
      proxy.setMode({ kind: "pass" });
      await generator.routed("dead-late.example.com");
      assert.equal(await generator.metric('hotroute_lists_total{result="ok"}'), 1);
      assert.ok((await generator.metric('hotroute_watches_total{result="timeout"}')) >= 1);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 24: 410 on the watch and on a page of the list: listed anew, never an empty configuration in between", async (t) => {
      const api = await faulty(t);
      const { names, hosts, environment } = await createGroup("expired", 205);
      let pages = 0;
      const breakPage = ({ query }: SeenRequest): Fault | null => {
        if (!query.has("continue") || pages % 2 === 1) return null;
        pages += 1;
        return { kind: "answer", status: 410, body: statusBody(410, "Expired") };
      };
      api.way.setFault(breakPage);
      const generator = await startGenerator(t, { kubeconfig: api.kubeconfig, environment });
      await generator.routed(hosts[204] ?? "");
      assert.equal(pages, 1);
      const first = await generator.text();
      assert.deepEqual(
        hosts.filter((host) => !serves(first, host)),
        [],
        "the first list is whole",
      );
      const watched = watchHosts(generator, [hosts[0] ?? "", hosts[100] ?? "", hosts[204] ?? ""]);
      pages += 1;
      api.away();
      await deleteService(server, names[50] ?? "");
      api.expire(breakPage);
      await generator.notRouted(hosts[50] ?? "");
      assert.equal(pages, 3);
      assert.deepEqual(await watched.stop(), []);
      assert.ok((await generator.metric('hotroute_watches_total{result="gone"}')) >= 1);
      assert.equal(await generator.metric('hotroute_lists_total{result="gone"}'), 2);
      assert.equal(await generator.metric('hotroute_lists_total{result="ok"}'), 2);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 25: 500, 429 with Retry-After, TCP reset, truncated JSON, an unknown event type, a 10 MB line: pauses with jitter, resumed, no crash", async (t) => {
      const api = await faulty(t);
      const { names, environment } = await createGroup("faults", 2);
      let lists = 0;
      api.way.setFault(({ watch }) => (watch ? null : (listFaults[lists++] ?? null)));
      const generator = await startGenerator(t, { kubeconfig: api.kubeconfig, environment });
      await generator.routed("faults-1.example.com");
      assert.equal(lists, listFaults.length + 1);
      // An event is progress: what fails from now on is a first failure again.
      await patchService(server, names[0] ?? "", { metadata: { labels: { "hotroute.io/host": "progress.test" } } });
      await generator.routed("progress.test");
      for (const [index, { what, result, fault }] of watchFaults.entries()) {
        const sample = `hotroute_watches_total{result="${result}"}`;
        const before_ = (await generator.metric(sample)) || 0;
        const answered: number[] = [];
        api.way.setFault((request) => {
          if (!request.watch) return null;
          answered.push(request.atMs);
          return answered.length > 2 ? null : fault(request);
        });
        api.proxy.cut("reset");
        await waitFor(`${what} to be over`, () => answered.length > 2);
        await patchService(server, names[0] ?? "", {
          metadata: { labels: { "hotroute.io/host": `after-${index}.test` } },
        });
        await generator.routed(`after-${index}.test`);
        assert.ok((await generator.metric(sample)) >= before_ + 2, what);
        if (result === "tooManyRequests") {
          const [first = 0, second = 0] = answered;
          assert.ok(second - first >= 990, `asked again after ${second - first} ms`);
        }
      }
      await generator.routed("big.example.com");
      assert.equal(await generator.metric('hotroute_lists_total{result="ok"}'), 1, "always resumed");
      const pauses = generator.lines(noAnswer).filter(({ attempt }) => attempt === 1);
      assert.ok(new Set(pauses.map(({ retryInMs }) => retryInMs)).size > 1, "no two are alike");
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 26: an expired token (401) is read anew until one is accepted", async (t) => {
      const { proxy } = await proxied(t);
      const { names, hosts, environment } = await createGroup("token", 1);
      const { kubeconfig, write } = await withTokenFile(t, server, proxy.url);
      await write("expired");
      const generator = await startGenerator(t, { kubeconfig, environment });
      const { reason } = await generator.program.waitForLog(noAnswer);
      assert.match(String(reason), /401|[Uu]nauthorized/);
      assert.equal((await generator.get("/readyz")).status, 503);
      await write(server.token ?? "");
      await generator.routed(hosts[0] ?? "");
      const text = await generator.text();
      await write("expired-again");
      const from = generator.program.log().length;
      proxy.cut("reset");
      await waitFor("the refusal on the watch", () =>
        generator.program
          .log()
          .slice(from)
          .some((line) => line.msg === noAnswer && /401|[Uu]nauthorized/.test(String(line.reason))),
      );
      await patchService(server, names[0] ?? "", { metadata: { labels: { "hotroute.io/host": "renewed.test" } } });
      assert.equal(await generator.text(), text);
      await write(server.token ?? "");
      await generator.routed("renewed.test");
      assert.equal(await generator.metric('hotroute_lists_total{result="ok"}'), 1);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 26: a token that is rotated in time is never missed", async (t) => {
      const api = await faulty(t);
      const { names, hosts, environment } = await createGroup("rotated", 1);
      const { kubeconfig, write } = await withTokenFile(t, { ...server, caPem: null }, api.way.url);
      let accepted = "token-0";
      let refused = 0;
      await write(accepted);
      api.way.setFault(({ headers }) => {
        if (headers.authorization === `Bearer ${accepted}`) return null;
        refused += 1;
        return { kind: "answer", status: 401, body: statusBody(401, "Unauthorized") };
      });
      const generator = await startGenerator(t, { kubeconfig, environment });
      await generator.routed(hosts[0] ?? "");
      for (const round of [1, 2, 3]) {
        accepted = `token-${round}`;
        await write(accepted);
        api.proxy.cut("reset");
        await patchService(server, names[0] ?? "", {
          metadata: { labels: { "hotroute.io/host": `round-${round}.test` } },
        });
        await generator.routed(`round-${round}.test`);
      }
      assert.equal(refused, 0);
      assert.equal(await generator.program.stop(), 0);
    });

    it("row 27: RBAC 403: says verb, resource and namespace, is not ready at its first start, keeps the last configuration later", async (t) => {
      const api = await faulty(t);
      const { names, hosts, environment } = await createGroup("rbac", 1);
      const user = "rbac-reader";
      const isReal = server.kind === "kube-apiserver";
      const folder = await mkdtemp(join(tmpdir(), "hotroute-rbac-"));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const { proxy } = await proxied(t);
      let isAllowed = false;
      api.way.setFault(() => (isAllowed ? null : { kind: "answer", status: 403, body: statusBody(403, "Forbidden") }));
      const permit = async (): Promise<void> => {
        isAllowed = true;
        if (isReal) await allow(server, user, [{ apiGroups: [""], resources: ["services"], verbs: ["list", "watch"] }]);
      };
      const forbid = async (): Promise<void> => {
        isAllowed = false;
        const path = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${user}`;
        if (isReal) await server.request("DELETE", path);
        proxy.cut("reset");
        api.proxy.cut("reset");
      };
      // Where there is RBAC it refuses; the embedded server has none.
      if (isReal) await writeUserKubeconfig({ ...server, url: proxy.url }, user, folder);
      const given = isReal ? await readFile(join(folder, `${user}.kubeconfig`), "utf8") : api.kubeconfig;
      const generator = await startGenerator(t, { kubeconfig: given, environment });
      const missing = "a permission is missing";
      const onList = await generator.program.waitForLog(missing);
      assert.deepEqual(
        [onList.level, onList.verb, onList.resource, onList.namespace],
        ["warn", "list", "services", null],
      );
      assert.match(String(onList.reason), /not allowed to list services in all namespaces/);
      assert.match(String(onList.grant), /ClusterRole with list and watch on services/);
      assert.equal((await generator.get("/readyz")).status, 503);
      assert.equal((await generator.get("/healthz")).status, 200);
      assert.equal(await generator.text(), "");
      await permit();
      await generator.routed(hosts[0] ?? "");
      await waitFor("readiness", async () => (await generator.get("/readyz")).status === 200);
      const text = await generator.text();
      await forbid();
      await waitFor("the refusal of the watch", () => generator.lines(missing).some(({ verb }) => verb === "watch"));
      await patchService(server, names[0] ?? "", { metadata: { labels: { "hotroute.io/host": "permitted.test" } } });
      assert.equal(await generator.text(), text);
      assert.equal((await generator.get("/readyz")).status, 200);
      await permit();
      await generator.routed("permitted.test");
      assert.equal(await generator.program.stop(), 0);
    });
  });
}
