import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { apiServerKindsByNight, createService, exposed } from "../support/api-servers.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { startProgram } from "../support/program.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";

const retry = "could not list the Services, trying again";

for (const kind of apiServerKindsByNight) {
  describe(`init and the API server's faults, with the ${kind.kind}`, { skip: kind.skip, concurrency: 3 }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await kind.start();
      await createService(server, { name: "shop", labels: exposed("shop.example.com") });
    });
    after(() => server?.stop());

    /** init behind a proxy that lets nothing through yet. */
    const startInit = async (t: TestContext, fault: "refuse" | "swallow", timeoutMs: number) => {
      const folder = await mkdtemp(join(tmpdir(), "hotroute-init-"));
      const proxy = await startFaultyProxy(server.url);
      proxy.setMode({ kind: fault });
      await writeFile(join(folder, "kubeconfig"), kubeconfigFor({ ...server, url: proxy.url }));
      const startedMs = performance.now();
      const program = startProgram("init", {
        KUBECONFIG: join(folder, "kubeconfig"),
        CONFIG_DIR: join(folder, "conf.d"),
        INIT_TIMEOUT_MS: String(timeoutMs),
      });
      t.after(async () => {
        await program.stop();
        await proxy.stop();
        await rm(folder, { recursive: true, force: true });
      });
      return {
        program,
        proxy,
        startedMs,
        retries: () => program.log().filter(({ msg }) => msg === retry),
        text: () => readFile(join(folder, "conf.d", "default.conf"), "utf8").catch(() => null),
      };
    };

    it("row 21: the API server is away: tried again with growing pauses until INIT_TIMEOUT_MS, then exit 1 with the reason", async (t) => {
      const { program, startedMs, retries, text } = await startInit(t, "refuse", 4000);
      assert.equal(await program.ended, 1);
      assert.ok(performance.now() - startedMs >= 4000);
      const pauses = retries().map(({ retryInMs }) => Number(retryInMs));
      assert.ok(pauses.length >= 4, pauses.join());
      assert.ok((pauses[0] ?? 0) <= 200 && Math.max(...pauses) > 400 && Math.max(...pauses) <= 2000, pauses.join());
      assert.match(
        program.stderr(),
        /^hotroute init: no complete list of Services within 4000 ms \(INIT_TIMEOUT_MS\): .*cannot be reached.*\n$/,
      );
      assert.equal(await text(), null, "nothing is written without a list");
    });

    it("row 21: the API server answers nothing: exit 1 at INIT_TIMEOUT_MS all the same", async (t) => {
      const { program, proxy, text } = await startInit(t, "swallow", 2500);
      assert.equal(await program.ended, 1);
      assert.ok(proxy.accepted > 0);
      assert.match(
        program.stderr(),
        /^hotroute init: no complete list of Services within 2500 ms \(INIT_TIMEOUT_MS\): /,
      );
      assert.equal(await text(), null);
    });

    it("row 21: it is back in time: listed, written, exit 0", async (t) => {
      const { program, proxy, retries, text } = await startInit(t, "refuse", 60_000);
      await waitFor("some tries", () => retries().length >= 3);
      assert.equal(await text(), null);
      proxy.setMode({ kind: "pass" });
      assert.equal(await program.ended, 0, program.stderr());
      assert.match((await text()) ?? "", /server_name shop\.example\.com;/);
    });
  });
}
