import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmod, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nginxChildren, nginxGroup } from "../../src/reloader/processes.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { waitFor } from "../support/wait.ts";
import { isAlive, isApplied, onStage, serverText } from "./fixture.ts";

const listenOn = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });

describe("faults", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 4 }, () => {
      it("row 10: a port held by another process: unverified, back to the old one, and live when the port is free", () =>
        onStage(nginx, async (stage) => {
          const taken = await freePort();
          const other = await listenOn(taken);
          try {
            await stage.publish(serverText(stage.port, "old"));
            const first = await stage.start();
            const { live } = await stage.waitForStatus("applied", isApplied);
            await stage.publish(serverText(stage.port, "new") + serverText(taken, "never"));
            const status = await stage.waitForStatus("unverified", ({ state }) => state === "unverified");
            assert.match(status.message, new RegExp(`bind\\(\\) to 127.0.0.1:${taken} failed`));
            assert.equal(status.live, live);
            assert.ok(status.testedMs !== null && status.firstMs === null);
            assert.equal(await stage.body(), "old");
            assert.equal((await first.ask("/readyz")).status, 200);
            assert.equal(await first.metric('hotroute_reloads_total{result="unverified"}'), 1);
            assert.equal(await first.stop(), 0);
            await stage.start();
            await stage.waitForBody("old");
          } finally {
            other.close();
          }
          await stage.waitForBody("new");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 12: nginx -t hangs: killed at its deadline, rejected", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          await stage.start({ TEST_TIMEOUT_MS: "300" });
          await stage.waitForStatus("applied", isApplied);
          const fifo = join(stage.configDir, "..", "nobody-writes");
          assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
          await stage.publish(`include ${fifo};\n${serverText(stage.port, "new")}`);
          const status = await stage.waitForStatus("rejected", ({ state }) => state === "rejected");
          assert.match(status.message, /nginx -t did not end within 300 ms/);
          assert.equal(await stage.body(), "old");
        }));

      it("row 13: a pid file that is missing, empty or names a stranger: the stranger is never signalled, the change is live", () =>
        onStage(nginx, async (stage) => {
          const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
          try {
            const strangerPid = stranger.pid ?? 0;
            await stage.publish(serverText(stage.port, "0"));
            const reloader = await stage.start();
            await stage.waitForStatus("applied", isApplied);
            const pidFile = join(stage.runDir, "nginx.pid");
            const master = await readFile(pidFile, "utf8");
            for (const content of [`${strangerPid}\n`, "", "1\n", null]) {
              if (content === null) await rm(pidFile);
              else await writeFile(pidFile, content);
              await stage.publish(serverText(stage.port, `pid ${content}`.trim()));
              await stage.waitForBody(`pid ${content}`.trim());
              assert.equal(await readFile(pidFile, "utf8"), master);
            }
            // SIGHUP would have ended it.
            assert.ok(await isAlive(strangerPid));
            await reloader.waitForLog("pid file did not name nginx: corrected");
          } finally {
            stranger.kill("SIGKILL");
          }
        }));

      it("row 14: nginx's master is killed: its workers are ended, traffic is back, exit 1 after the third death", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "back"));
          const reloader = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          let last = 0;
          for (const death of [1, 2]) {
            const pid = await stage.masterPid();
            const workers = await nginxChildren(pid);
            assert.ok(workers.length > 0);
            process.kill(pid, "SIGKILL");
            await waitFor(`the end of its workers, death ${death}`, async () => (await nginxGroup(pid)).length === 0);
            await stage.waitForBody("back");
            last = await waitFor("a new master", async () => {
              const now = await stage.masterPid();
              return now !== pid && now;
            });
            await reloader.waitForMetric("hotroute_nginx_up", (value) => value === 1);
            await stage.waitForStatus("applied", isApplied);
          }
          process.kill(last, "SIGKILL");
          assert.equal(await reloader.ended, 1);
          assert.match(reloader.stderr(), /nginx died 3 times in 60 s/);
          assert.equal((await nginxGroup(last)).length, 0);
        }));

      it("row 14: traffic is back within a second", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "back"));
          const startedMs = performance.now();
          const reloader = await stage.start();
          await stage.waitForBody("back");
          await stage.waitForStatus("applied", isApplied);
          const killedMs = performance.now();
          process.kill(await stage.masterPid(), "SIGKILL");
          await reloader.waitForLog("nginx started from the last verified release");
          await stage.waitForBody("back");
          // A machine that is busy with other tests gets as long as the whole program took to start just now.
          assert.ok(performance.now() - killedMs < Math.max(1_000, killedMs - startedMs));
        }));

      it("row 15: a worker is killed again and again: nginx's master replaces it, and it is counted", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "served"));
          const reloader = await stage.start({ WORKERS: "1", COMPARE_INTERVAL_MS: "100" });
          await stage.waitForStatus("applied", isApplied);
          const lost = "hotroute_nginx_workers_lost_total";
          const master = await stage.masterPid();
          await waitFor(
            "three workers to be counted",
            async () => {
              const [worker] = await nginxChildren(master);
              if (worker !== undefined) process.kill(worker.pid, "SIGKILL");
              await stage.waitForBody("served");
              return ((await reloader.metric(lost)) ?? 0) >= 3;
            },
            { everyMs: 250 },
          );
          assert.equal(await stage.masterPid(), master);
          await reloader.waitForLog(
            "nginx workers ended by themselves and were replaced: look for a signal in nginx's log",
          );
          assert.equal((await reloader.ask("/readyz")).status, 200);
          await reloader.waitForMetric('hotroute_nginx_workers{state="active"}', (value) => value === 1);
        }));

      it("a slow master that takes the candidate up after its deadline is believed", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          const reloader = await stage.start({ VERIFY_TIMEOUT_MS: "400", COMPARE_INTERVAL_MS: "150" });
          await stage.waitForStatus("applied", isApplied);
          const fifo = join(stage.configDir, "..", "slow.inc");
          assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
          const feed = async (): Promise<void> => {
            await (await open(fifo, "w")).close();
          };
          const forTheTest = feed();
          await stage.publish(`include ${fifo};\n${serverText(stage.port, "late")}`);
          await forTheTest;
          await reloader.waitForMetric('hotroute_reloads_total{result="unverified"}', (value) => value === 1);
          assert.equal(await stage.body(), "old");
          await feed();
          await stage.waitForBody("late");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("someone else makes nginx serve another release: the live one is loaded again", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "first"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "200" });
          const first = await stage.waitForStatus("applied", isApplied);
          await stage.publish(serverText(stage.port, "second"));
          const second = await stage.waitForStatus(
            "applied",
            (status) => isApplied(status) && status.live !== first.live,
          );
          const link = join(stage.runDir, "live.conf");
          await rm(link);
          await symlink(join("releases", first.live ?? "", "nginx.conf"), link);
          process.kill(await stage.masterPid(), "SIGHUP");
          await reloader.waitForLog("went back to the last verified revision");
          await stage.waitForBody("second");
          assert.ok((await readFile(link, "utf8")).includes(second.live ?? "none"));
        }));

      it(
        "a file that this user may not read is named",
        { skip: process.getuid?.() === 0 ? "root reads all" : false },
        () =>
          onStage(nginx, async (stage) => {
            await stage.publish(serverText(stage.port, "old"));
            await stage.start();
            await stage.waitForStatus("applied", isApplied);
            await chmod(stage.file, 0o000);
            const status = await stage.waitForStatus("unreadable", ({ wanted }) => wanted === null);
            assert.match(status.message, /default\.conf cannot be read \(EACCES\)/);
          }),
      );
    });
  }
});
