import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nginxGroup } from "../../src/reloader/processes.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { startSlowBackend } from "./backend.ts";
import { isApplied, onStage, serverText } from "./fixture.ts";

describe("SIGTERM", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 4 }, () => {
      it("row 34: lets a response in flight finish, is not ready meanwhile, and exits 0", () =>
        onStage(nginx, async (stage) => {
          const backend = await startSlowBackend();
          try {
            const slow = `location /slow { proxy_pass http://127.0.0.1:${backend.port}; }`;
            await stage.publish(serverText(stage.port, "fast").replace("location", `${slow}\n location`));
            const reloader = await stage.start();
            await stage.waitForStatus("applied", isApplied);
            const master = await stage.masterPid();
            const answer = stage.body("/slow");
            await backend.waitForOpen(1);
            reloader.child.kill("SIGTERM");
            await waitFor("the listener to close", async () => (await stage.body()) === null);
            const { status, body } = await reloader.ask("/readyz");
            assert.deepEqual({ status, body }, { status: 503, body: "stopping\n" });
            await backend.finish();
            assert.equal(await answer, "begin end");
            assert.equal(await reloader.ended, 0);
            assert.deepEqual(await nginxGroup(master), []);
          } finally {
            backend.close();
          }
        }));

      it("row 34: cuts off what takes longer than worker_shutdown_timeout", () =>
        onStage(nginx, async (stage) => {
          const backend = await startSlowBackend();
          try {
            await stage.publish(
              `server { listen 127.0.0.1:${stage.port}; location / { proxy_buffering off; proxy_pass http://127.0.0.1:${backend.port}; } }\n`,
            );
            const reloader = await stage.start({ WORKER_SHUTDOWN_TIMEOUT: "300ms" });
            await stage.waitForStatus("applied", isApplied);
            const master = await stage.masterPid();
            const answer = fetch(`http://127.0.0.1:${stage.port}/`);
            assert.equal((await answer).status, 200);
            reloader.child.kill("SIGTERM");
            await assert.rejects((await answer).text());
            assert.equal(await reloader.ended, 0);
            assert.deepEqual(await nginxGroup(master), []);
          } finally {
            backend.close();
          }
        }));

      it("row 34: in the middle of nginx -t, and before nginx ever ran", () =>
        onStage(nginx, async (stage) => {
          const fifo = join(stage.configDir, "..", "hangs.inc");
          assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
          await stage.publish(`include ${fifo};\n${serverText(stage.port, "never")}`);
          const reloader = await stage.start();
          await reloader.waitForLog("configuration changed");
          reloader.child.kill("SIGTERM");
          assert.equal(await reloader.ended, 0);
        }));

      it("row 34: in the middle of a reload: the live release is the verified one", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "verified"));
          const first = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          const link = join(stage.runDir, "live.conf");
          const verified = await readlink(link);
          process.kill(await stage.masterPid(), "SIGSTOP"); // a master that does not answer
          try {
            await stage.publish(serverText(stage.port, "not verified"));
            await waitFor("the promotion", async () => (await readlink(link)) !== verified);
            first.child.kill("SIGTERM");
            await first.waitForLog("stopping");
          } finally {
            process.kill(await stage.masterPid(), "SIGCONT");
          }
          assert.equal(await first.ended, 0);
          assert.equal(await readlink(link), verified);
          await stage.publish("bad\n");
          await stage.start();
          await stage.waitForBody("verified");
        }));
    });
  }
});
