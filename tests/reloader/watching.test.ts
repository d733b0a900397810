import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { isApplied, onStage, serverText } from "./fixture.ts";

describe("how changes are found", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 4 }, () => {
      it("row 4: the directory is deleted and made anew", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "before"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "300" });
          await stage.waitForStatus("applied", isApplied);
          await rm(stage.configDir, { recursive: true });
          const lost = await stage.waitForStatus("no directory", (status) => status.wanted === null);
          assert.match(lost.message, /there is no .*\/conf: make it, or set CONFIG_DIR/);
          assert.equal(await stage.body(), "before");
          assert.equal((await reloader.ask("/readyz")).status, 200);
          await mkdir(stage.configDir);
          await stage.publish(serverText(stage.port, "after"));
          await stage.waitForBody("after");
          await stage.publish(serverText(stage.port, "after that"));
          await stage.waitForBody("after that");
        }));

      it("row 5: a file written in parts is taken when it is whole", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          const reloader = await stage.start({ QUIET_MS: "250", MAX_WAIT_MS: "5000" });
          await stage.waitForStatus("applied", isApplied);
          const text = serverText(stage.port, "written in parts");
          // As an editor without rename does; each part comes well within the quiet time after the last.
          for (let end = 10; end < text.length + 10; end += 10) await writeFile(stage.file, text.slice(0, end));
          await stage.waitForBody("written in parts");
          assert.equal(await reloader.metric('hotroute_reloads_total{result="rejected"}'), 0);
        }));

      it("row 5: a file that stays half written is refused, and taken when it is whole", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          await stage.start();
          const { live } = await stage.waitForStatus("applied", isApplied);
          const text = serverText(stage.port, "whole");
          await writeFile(stage.file, text.slice(0, text.length / 2));
          const refused = await stage.waitForStatus("rejected", ({ state }) => state === "rejected");
          assert.equal(refused.live, live);
          assert.equal(await stage.body(), "old");
          await appendFile(stage.file, text.slice(text.length / 2));
          await stage.waitForBody("whole");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 6: a ConfigMap's ..data swap is applied", () =>
        onStage(nginx, async (stage) => {
          const version = async (name: string, text: string): Promise<void> => {
            await mkdir(join(stage.configDir, name));
            await writeFile(join(stage.configDir, name, "default.conf"), text);
            await symlink(name, join(stage.configDir, "..data_tmp"));
            await rename(join(stage.configDir, "..data_tmp"), join(stage.configDir, "..data"));
          };
          await version("..2026_01_01", serverText(stage.port, "map one"));
          await symlink("..data/default.conf", stage.file);
          // An interval that is longer than the test: it is the watch that sees the swap.
          await stage.start({ COMPARE_INTERVAL_MS: "600000" });
          await stage.waitForBody("map one");
          await version("..2026_01_02", serverText(stage.port, "map two"));
          await stage.waitForBody("map two");
          const status = await stage.waitForStatus("applied", isApplied);
          assert.deepEqual(Object.keys(status.files), ["default.conf"]);
        }));

      it("row 7: a change that no event told of is found by the comparison", () =>
        onStage(nginx, async (stage) => {
          // A link to a file elsewhere that is replaced: nothing happens in the directory itself.
          const elsewhere = join(stage.configDir, "..", "elsewhere");
          await mkdir(join(elsewhere, "a"), { recursive: true });
          await writeFile(join(elsewhere, "a", "site.conf"), serverText(stage.port, "seen at start"));
          await symlink("a", join(elsewhere, "current"));
          await symlink(join(elsewhere, "current", "site.conf"), stage.file);
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "200" });
          await stage.waitForBody("seen at start");
          await reloader.waitForMetric('hotroute_reloader_state{state="idle"}', (value) => value === 1);
          await mkdir(join(elsewhere, "b"));
          await writeFile(join(elsewhere, "b", "site.conf"), serverText(stage.port, "found"));
          await symlink("b", join(elsewhere, "next"));
          await rename(join(elsewhere, "next"), join(elsewhere, "current"));
          await stage.waitForBody("found");
          assert.equal(await reloader.metric("hotroute_watch_missed_total"), 1);
        }));

      it("row 7: the kernel's event queue overflows: the last change is applied, and the watch goes on", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "before"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "1000" });
          await stage.waitForStatus("applied", isApplied);
          const queueLength = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
          process.kill(reloader.child.pid ?? 0, "SIGSTOP"); // it reads no event meanwhile
          try {
            // Equal events in a row would count as one. Source: inotify(7)
            const passing = join(stage.configDir, ".passing");
            for (let count = 0; count <= queueLength; count += 2) {
              writeFileSync(passing, "");
              rmSync(passing);
            }
            await stage.publish(serverText(stage.port, "in the overflow"));
          } finally {
            process.kill(reloader.child.pid ?? 0, "SIGCONT");
          }
          await stage.waitForBody("in the overflow");
          await stage.publish(serverText(stage.port, "after it"));
          await stage.waitForBody("after it");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 7: no descriptor is left to the reloader: nginx serves, and the change goes live when there are some", (t) =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "300" });
          await stage.waitForStatus("applied", isApplied);
          await reloader.waitForMetric('hotroute_reloader_state{state="idle"}', (value) => value === 1);
          const { pid = 0 } = reloader.child;
          const limit = (count: string) => spawnSync("prlimit", ["--pid", `${pid}`, `--nofile=${count}:`]).status === 0;
          if (!limit("20")) return t.skip("no prlimit to take the descriptors");
          await stage.publish(serverText(stage.port, "new"));
          const line = await reloader.waitForLog("configuration cannot be read; what is live stays");
          assert.match(String(line.reason), /EMFILE/);
          assert.equal(await stage.body(), "old");
          limit("4096");
          await stage.waitForBody("new");
          await stage.waitForStatus("applied", isApplied);
        }));
    });
  }
});
