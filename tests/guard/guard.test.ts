import assert from "node:assert/strict";
import { watch } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { configurationOptions, serviceRecords } from "../../bench/parts/configurations.ts";
import { configure } from "../../src/nginx/configuration.ts";
import { createService, exposed, patchService } from "../support/api-servers.ts";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { startPod } from "../support/hotroute-pod.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { startProgram } from "../support/program.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { counts } from "./counts.ts";

const services = 450;
const [nginx] = nginxBinaries;

/** Says what was counted, and holds it to what it was. */
const holdTo = (t: TestContext, what: string, counted: number, limit: number): void => {
  t.diagnostic(`${what}: ${counted}, at most ${limit}`);
  assert.ok(counted > 0, `${what}: nothing was counted`);
  assert.ok(counted <= limit, `${what}: ${counted}, more than the ${limit} of tests/guard/counts.ts`);
};

/** The names that files are moved to in a folder; of a temporary the move away is not counted. */
const watchMoves = (folder: string): { names(): readonly string[]; stop(): void } => {
  const moves: string[] = [];
  const watcher = watch(folder, (kind, name) => {
    if (kind === "rename" && name !== null && !name.endsWith(".tmp")) moves.push(name);
  });
  return { names: () => moves, stop: () => watcher.close() };
};

const createServices = async (server: TestApiServer, count: number): Promise<void> => {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const name = `app-${next++}`;
      await createService(server, { name, labels: exposed(`${name}.example.com`) });
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
};

describe("what hotroute costs beside time", () => {
  it("default.conf of 1,000 Services has no more bytes than it had", (t) => {
    const { text } = configure(serviceRecords(1000, 80), configurationOptions("8080", true));
    holdTo(t, "bytes", Buffer.byteLength(text), counts.configurationBytes);
  });

  it("a generator's start is one list and one watch, and a change is one event and one file", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-guard-"));
    const server = await startEmbeddedApiServer();
    const proxy = await startCountingProxy(server.url);
    try {
      await createServices(server, services);
      const [kubeconfigPath, configDir] = [join(folder, "kubeconfig"), join(folder, "conf.d")];
      await writeFile(kubeconfigPath, kubeconfigFor({ url: proxy.url, token: null, caPem: null }));
      await mkdir(configDir);
      const generator = startProgram("generator", {
        KUBECONFIG: kubeconfigPath,
        CONFIG_DIR: configDir,
        RUN_DIR: folder,
        GENERATOR_LISTEN: "127.0.0.1:0",
      });
      try {
        await generator.waitForLog("configuration written");
        // The watch comes after the list; more than it would come too.
        await waitFor("the watch", () => server.server.watchCount() === 1);
        const start = proxy.take();
        assert.deepEqual(start.requests, Array(counts.startRequests).fill("GET /api/v1/services"));
        holdTo(t, "bytes of the start", start.receivedBytes, counts.startBytes);

        const moves = watchMoves(configDir);
        const lines = generator.log().length;
        await patchService(server, "app-7", { metadata: { labels: { "hotroute.io/host": "changed.example.com" } } });
        await generator.waitForLog("configuration written", lines);
        await waitFor("the file's name", () => moves.names().includes("default.conf"));
        const change = proxy.take();
        moves.stop();
        assert.deepEqual(change.requests, []);
        holdTo(t, "bytes of a change", change.receivedBytes, counts.changeBytes);
        assert.deepEqual(moves.names(), ["default.conf"]);
      } finally {
        await generator.stop();
      }
    } finally {
      await proxy.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("a storm costs three reloads, one for each second, and one for what came last", {
    skip: skipWithoutNginx,
  }, async (t) => {
    if (nginx === undefined) return;
    const server = await startEmbeddedApiServer();
    try {
      await createServices(server, 20);
      const pod = await startPod(nginx, server.kubeconfigPath);
      try {
        const applied = 'hotroute_reloads_total{result="applied"}';
        const isLive = async (): Promise<boolean> => (await pod.readStatus())?.state === "applied";
        await waitFor("the first configuration", isLive);
        await pod.generator.waitForLog("watching Services");
        const before = await pod.metric("reloader", applied);
        const startMs = performance.now();
        for (let change = 0; change < 150; change += 1) {
          const labels = { "hotroute.io/host": `change-${change}.example.com` };
          await patchService(server, `app-${change % 20}`, { metadata: { labels } });
        }
        await waitFor(
          "the last change to be answered",
          async () => (await pod.answer("change-149.example.com")) === "502",
        );
        await waitFor("it to be applied", isLive);
        const seconds = Math.ceil((performance.now() - startMs) / 1000);
        const reloads = (await pod.metric("reloader", applied)) - before;
        t.diagnostic(`${reloads} reloads in ${seconds} s`);
        holdTo(t, "reloads", reloads, 4 + seconds);
      } finally {
        await pod.stop();
      }
    } finally {
      await server.stop();
    }
  });
});
