import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startSlowBackend } from "../reloader/backend.ts";
import { isApplied, onStage, type Reloader, type Stage } from "../reloader/fixture.ts";
import { openIdleConnection } from "../support/idle-connection.ts";
import { startLoadBackend } from "../support/load-backend.ts";
import { isNginxAtLeast, type NginxUnderTest, nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { openWebSocket } from "../support/web-socket.ts";
import { loadSite } from "./site.ts";

const draining = 'hotroute_nginx_workers{state="draining"}';
const applied = 'hotroute_reloads_total{result="applied"}';
const changes = "hotroute_config_changes_total";
const heldMessage = "reload waits: old workers still drain, and another generation would pass the memory limit";

/** A stage whose nginx passes everything on to a backend, but for `/mark`. */
interface Scene {
  readonly stage: Stage;
  readonly reloader: Reloader;
  publish(mark: string): Promise<void>;
  /** Publishes, and waits until it is verified. */
  reload(mark: string): Promise<void>;
  waitForMark(mark: string): Promise<void>;
}

const onScene = (
  nginx: NginxUnderTest,
  backendPort: number,
  settings: Readonly<Record<string, string>>,
  test: (scene: Scene) => Promise<void>,
): Promise<void> =>
  onStage(nginx, async (stage) => {
    const publish = (mark: string): Promise<void> =>
      stage.publish(loadSite(nginx, { listen: stage.port, backend: backendPort }, mark));
    await publish("first");
    const reloader = await stage.start({ WORKERS: "1", ...settings });
    await stage.waitForStatus("applied", isApplied);
    const waitForMark = async (mark: string): Promise<void> => {
      await waitFor(`${mark} to be live`, async () => (await stage.body("/mark")) === mark);
    };
    const reload = async (mark: string): Promise<void> => {
      const before = (await reloader.metric(applied)) ?? 0;
      await publish(mark);
      await reloader.waitForMetric(applied, (value) => value > before);
    };
    await test({ stage, reloader, publish, reload, waitForMark });
  });

/** Runs a test with an answer of the backend that is on its way. */
const whileDownloading = async (
  nginx: NginxUnderTest,
  settings: Readonly<Record<string, string>>,
  test: (scene: Scene, finish: () => Promise<void>) => Promise<void>,
): Promise<void> => {
  const backend = await startSlowBackend();
  try {
    await onScene(nginx, backend.port, settings, async (scene) => {
      const download = scene.stage.body("/download");
      await backend.waitForOpen(1);
      await test(scene, async () => {
        await backend.finish();
        assert.equal(await download, "begin end");
      });
    });
  } finally {
    backend.close();
  }
};

describe("draining", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 4 }, () => {
      it("row 31: a long download lives on across reloads, and its old worker is seen draining", () =>
        whileDownloading(nginx, {}, async ({ reloader, reload }, finish) => {
          for (const mark of ["second", "third", "fourth"]) await reload(mark);
          await reloader.waitForMetric(draining, (value) => value === 1);
          await finish();
          await reloader.waitForMetric(draining, (value) => value === 0);
        }));

      it("row 31: a WebSocket lives on across reloads until it ends", async () => {
        const backend = await startLoadBackend();
        try {
          await onScene(nginx, backend.port, {}, async ({ stage, reloader, reload }) => {
            const socket = await openWebSocket(stage.port);
            for (const mark of ["second", "third", "fourth"]) {
              await reload(mark);
              assert.equal(await socket.echo(mark), mark);
            }
            await reloader.waitForMetric(draining, (value) => value === 1);
            await reloader.waitForMetric("hotroute_nginx_draining_generations", (value) => value === 1);
            await reloader.waitForMetric("hotroute_nginx_draining_oldest_seconds", (value) => value > 0.2);
            await reloader.waitForMetric("hotroute_nginx_draining_memory_bytes", (value) => value > 512 * 1024);
            socket.close();
            await reloader.waitForMetric("hotroute_nginx_draining_generations", (value) => value === 0);
            assert.equal(await reloader.metric("hotroute_nginx_draining_oldest_seconds"), 0);
            assert.equal(await reloader.metric("hotroute_nginx_draining_memory_bytes"), 0);
          });
        } finally {
          await backend.stop();
        }
      });

      it("row 31: a WebSocket is cut off after worker_shutdown_timeout, and not before", async () => {
        const backend = await startLoadBackend();
        try {
          const settings = { WORKER_SHUTDOWN_TIMEOUT: "2s" };
          await onScene(nginx, backend.port, settings, async ({ stage, reloader, reload }) => {
            const socket = await openWebSocket(stage.port);
            const beforeMs = performance.now();
            await reload("second");
            await socket.closed;
            // nginx's own timers count in steps of its loop.
            assert.ok(performance.now() - beforeMs >= 1_900, "it lived as long as it may");
            await reloader.waitForMetric(draining, (value) => value === 0);
            assert.equal(await stage.body("/mark"), "second");
          });
        } finally {
          await backend.stop();
        }
      });

      it("row 33: while old workers take too much memory the next reload waits, until they end", () => {
        // One percent of any limit is less than what nginx takes.
        const settings = { DRAIN_MEMORY_PERCENT: "1", DRAIN_WAIT_MS: "600000" };
        return whileDownloading(nginx, settings, async ({ stage, reloader, publish, reload, waitForMark }, finish) => {
          await reload("second");
          await publish("third");
          await reloader.waitForLog(heldMessage);
          const seen = (await reloader.metric(changes)) ?? 0;
          await publish("fourth");
          await reloader.waitForMetric(changes, (value) => value > seen);
          assert.equal(await stage.body("/mark"), "second");
          await finish();
          await waitForMark("fourth");
          await stage.waitForStatus("applied", isApplied);
          assert.equal(await reloader.metric(applied), 3, "the third was overtaken while it waited");
        });
      });

      it("row 33: the wait is bounded", () =>
        whileDownloading(
          nginx,
          { DRAIN_MEMORY_PERCENT: "1", DRAIN_WAIT_MS: "1500" },
          async ({ reloader, publish, reload, waitForMark }, finish) => {
            await reload("second");
            const startMs = performance.now();
            await publish("third");
            await reloader.waitForLog(heldMessage);
            await waitForMark("third");
            assert.ok(performance.now() - startMs >= 1_500, "it was held as long as it may");
            await finish();
          },
        ));

      it("row 32: a start says once what an nginx without keepalive_min_timeout costs", () =>
        onScene(nginx, 1, {}, async ({ reloader, reload }) => {
          await reload("second");
          const said = reloader.log().filter(({ msg }) => String(msg).includes("has no keepalive_min_timeout"));
          assert.equal(said.length, isNginxAtLeast(nginx, "1.27.4") ? 0 : 1);
          if (said[0] !== undefined) assert.equal(said[0].version, nginx.version);
        }));

      it("an idle connection holds its old worker for keepalive_min_timeout, where nginx has that", async () => {
        const backend = await startLoadBackend();
        try {
          const settings = { KEEPALIVE_MIN_TIMEOUT: "2s" };
          await onScene(nginx, backend.port, settings, async ({ stage, reloader, reload }) => {
            const startMs = performance.now();
            const idle = await openIdleConnection(stage.port, "/mark");
            await reload("second");
            await idle.closed;
            const heldMs = performance.now() - startMs;
            if (isNginxAtLeast(nginx, "1.27.4")) assert.ok(heldMs >= 1_900, `closed after ${heldMs} ms`);
            await reloader.waitForMetric(draining, (value) => value === 0);
          });
        } finally {
          await backend.stop();
        }
      });
    });
  }
});
