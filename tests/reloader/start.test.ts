import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nginxGroup } from "../../src/reloader/processes.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { isAlive, isApplied, onStage, serverText } from "./fixture.ts";

/** A folder of PATH without setpriv: nginx then outlives a reloader that is killed. */
const noSetpriv = { PATH: "/nonexistent" };
const hasPdeathsig = spawnSync("setpriv", ["--pdeathsig", "TERM", "true"]).status === 0;

describe("how a reloader starts", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 4 }, () => {
      it(
        "row 16: the reloader is killed: nginx does not live on, and the next one serves from live.conf",
        {
          skip: hasPdeathsig ? false : "no setpriv that knows --pdeathsig",
        },
        () =>
          onStage(nginx, async (stage) => {
            await stage.publish(serverText(stage.port, "live"));
            const reloader = await stage.start();
            await stage.waitForStatus("applied", isApplied);
            const master = await stage.masterPid();
            reloader.child.kill("SIGKILL");
            await waitFor("the end of nginx", async () => (await nginxGroup(master)).length === 0);
            assert.equal(await reloader.ended, "SIGKILL");
            await stage.publish("bad\n");
            await stage.start();
            await stage.waitForBody("live");
          }),
      );

      it("row 16: where the kernel does not end nginx, the next reloader does, and takes its place", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "live"));
          const reloader = await stage.start(noSetpriv);
          await stage.waitForStatus("applied", isApplied);
          const master = await stage.masterPid();
          reloader.child.kill("SIGKILL");
          await waitFor("the end of the reloader", async () => !(await isAlive(reloader.child.pid ?? 0)));
          assert.ok((await nginxGroup(master)).length > 0, "nobody ended it");
          const next = await stage.start(noSetpriv);
          await next.waitForLog("ended the nginx that an earlier run left");
          await waitFor("another master", async () => (await stage.masterPid()) !== master);
          await stage.waitForBody("live");
          assert.equal((await nginxGroup(master)).length, 0);
        }));

      it("row 17: restart while the shared configuration is bad: serves from live.conf, and says what is bad", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "live"));
          const first = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          assert.equal(await first.stop(), 0);
          await stage.publish("bad\n");
          const second = await stage.start();
          await stage.waitForBody("live");
          const status = await stage.waitForStatus("rejected", ({ state }) => state === "rejected");
          assert.equal(status.at?.file, "default.conf");
          assert.equal((await second.ask("/readyz")).status, 200);
        }));

      it("row 17: first boot with a bad one, with none, with no directory: alive, not ready, says why, serves when it is good", () =>
        onStage(nginx, async (stage) => {
          await rm(stage.configDir, { recursive: true });
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "200" });
          const notReady = (pattern: RegExp) =>
            waitFor(`not ready: ${pattern}`, async () => {
              const { status, body } = await reloader.ask("/readyz");
              return status === 503 && pattern.test(body);
            });
          await notReady(/there is no .*: make it, or set CONFIG_DIR/);
          await mkdir(stage.configDir);
          await notReady(/there is no \*\.conf file/);
          await stage.publish("bad\n");
          await notReady(/unexpected end of file|unknown directive/);
          assert.equal((await reloader.ask("/healthz")).status, 200);
          assert.equal(await reloader.metric("hotroute_nginx_up"), 0);
          await stage.publish(serverText(stage.port, "good"));
          await stage.waitForBody("good");
          await waitFor("ready", async () => (await reloader.ask("/readyz")).status === 200);
        }));

      it("row 18: a socket left by a crash is removed before the start", () =>
        onStage(nginx, async (stage) => {
          await mkdir(stage.runDir);
          const socket = join(stage.runDir, "nginx.sock");
          const script =
            "require('net').createServer().listen(process.argv[1],()=>process.kill(process.pid,'SIGKILL'))";
          spawnSync(process.execPath, ["-e", script, socket]);
          await stage.publish(serverText(stage.port, "bound"));
          await stage.start();
          await stage.waitForBody("bound");
          await stage.waitForStatus("applied", isApplied);
        }));
    });
  }
});
