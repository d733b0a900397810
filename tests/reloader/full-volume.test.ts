import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type NginxUnderTest, nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { isApplied, onStage, type Reloader, type Stage, serverText } from "./fixture.ts";

const failed = 'hotroute_reloads_total{result="failed"}';

/** Runs a test on a stage whose run directory is a small volume of its own. */
const onSmallVolume = (
  t: TestContext,
  nginx: NginxUnderTest,
  options: string,
  test: (stage: Stage) => Promise<void>,
): Promise<void> =>
  onStage(nginx, async (stage) => {
    await mkdir(stage.runDir);
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", stage.runDir]);
    if (mount.status !== 0) return t.skip("this user cannot mount a small volume");
    try {
      await test(stage);
    } finally {
      spawnSync("umount", ["-l", stage.runDir]);
    }
  });

/** Takes all the room there is. */
const fill = async (stage: Stage): Promise<string> => {
  const filler = join(stage.runDir, "filler");
  await assert.rejects(writeFile(filler, Buffer.alloc(4 * 1024 * 1024)), { code: "ENOSPC" });
  return filler;
};

/** Takes all the files that the volume may have, but some. */
const takeFiles = async (stage: Stage, leave: number): Promise<string> => {
  const folder = join(stage.runDir, "fillers");
  await mkdir(folder);
  const names: string[] = [];
  await assert.rejects(
    async () => {
      for (;;) {
        names.push(join(folder, String(names.length)));
        await writeFile(names.at(-1) ?? "", "");
      }
    },
    { code: "ENOSPC" },
  );
  // The last name is the one that there was no room for.
  for (const name of names.slice(0, -1).slice(-leave)) await rm(name);
  return folder;
};

const sayWhy = async (reloader: Reloader): Promise<void> => {
  const line = await reloader.waitForLog("could not try: look at the reason; what is live stays");
  assert.match(String(line.reason), /ENOSPC/);
};

describe("a run volume that is full", { skip: skipWithoutNginx }, () => {
  // What has no room is the reloader's: one nginx shows it.
  for (const nginx of nginxBinaries.slice(0, 1)) {
    describe(`nginx ${nginx.version}`, { concurrency: 4 }, () => {
      it("row 20: no room to copy a release: the old one serves, nothing half made is left, and it is tried again", (t) =>
        onSmallVolume(t, nginx, "size=512k", async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "300" });
          const { live } = await stage.waitForStatus("applied", isApplied);
          const filler = await fill(stage);
          await stage.publish(serverText(stage.port, "new") + "# as large as a release is\n".repeat(5_000));
          await reloader.waitForMetric(failed, (value) => value === 1);
          await sayWhy(reloader);
          assert.equal(await stage.body(), "old");
          assert.equal((await reloader.ask("/readyz")).status, 200);
          assert.deepEqual(await readdir(join(stage.runDir, "releases")), [live]);
          await rm(filler);
          // It was not written while there was no room: now it is, by the next comparison.
          const status = await stage.waitForStatus("the reason", ({ message }) => /ENOSPC/.test(message));
          assert.equal(status.state, "pending", "nothing is said against the configuration");
          await stage.waitForBody("new");
          await stage.waitForStatus("applied", isApplied);
        }));

      it("row 20: no room for a link: the old release serves, and it is tried again", (t) =>
        onSmallVolume(t, nginx, "size=1m,nr_inodes=40", async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "300" });
          await stage.waitForStatus("applied", isApplied);
          const [live, verified] = ["live.conf", "verified.conf"].map((name) => join(stage.runDir, name));
          const before = await readlink(live ?? "");
          // A release of one file is two folders and two files: there is no room for the link to it.
          const fillers = await takeFiles(stage, 4);
          await stage.publish(serverText(stage.port, "new"));
          await reloader.waitForMetric(failed, (value) => value === 1);
          await sayWhy(reloader);
          assert.equal(await stage.body(), "old");
          assert.equal(await readlink(live ?? ""), before);
          assert.equal(await readlink(verified ?? ""), before);
          await rm(fillers, { recursive: true });
          await stage.waitForBody("new");
          await stage.waitForStatus("applied", isApplied);
          await waitFor("the verified link", async () => (await readlink(verified ?? "")) !== before);
        }));

      it("row 20: no room for status.json: changes go live all the same, and it is written when there is room", (t) =>
        onSmallVolume(t, nginx, "size=512k", async (stage) => {
          await stage.publish(serverText(stage.port, "old"));
          const reloader = await stage.start({ COMPARE_INTERVAL_MS: "300" });
          const first = await stage.waitForStatus("applied", isApplied);
          await stage.publish(serverText(stage.port, "second"));
          const { live } = await stage.waitForStatus("second", (now) => isApplied(now) && now.live !== first.live);
          const filler = await fill(stage);
          // The release of this text is there still, and its links take no room: only the status does.
          await stage.publish(serverText(stage.port, "old"));
          await stage.waitForBody("old");
          await reloader.waitForLog("status.json not written");
          assert.equal((await stage.readStatus())?.live, live, "the old status is whole");
          await rm(filler);
          await stage.waitForStatus("the new status", (now) => isApplied(now) && now.live === first.live);
        }));

      it("row 20: a restart on a full volume serves", (t) =>
        onSmallVolume(t, nginx, "size=512k", async (stage) => {
          await stage.publish(serverText(stage.port, "served"));
          const first = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          await fill(stage);
          assert.equal(await first.stop(), 0);
          const second = await stage.start();
          await stage.waitForBody("served");
          await waitFor("ready", async () => (await second.ask("/readyz")).status === 200);
        }));
    });
  }
});
