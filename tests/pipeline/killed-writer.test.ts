import assert from "node:assert/strict";
import { watch } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { checkFooter } from "../../src/contract/footer.ts";
import { patchService } from "../support/api-servers.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import type { RunningProgram } from "../support/program.ts";
import { waitFor } from "../support/wait.ts";
import { onPod, type Pod } from "./pod.ts";

/** Services enough that a write takes some time. */
const services = 400;
const kills = 6;

/** Those of default.conf, and of what is kept beside it. */
const isTemporary = (name: string): boolean => name.endsWith(".tmp");

const leftOvers = async (pod: Pod): Promise<readonly string[]> => (await readdir(pod.configDir)).filter(isTemporary);

/** Kills a program so many milliseconds after it began to write its temporary file; a write takes a few of them. */
const killWhileWriting = (pod: Pod, program: RunningProgram, delayMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const watcher = watch(pod.configDir, { persistent: false }, (_event, name) => {
      if (name === null || !isTemporary(name)) return;
      watcher.close();
      const kill = (): void => {
        program.child.kill("SIGKILL");
        program.ended.then(() => resolve(), reject);
      };
      if (delayMs === 0) kill();
      else void sleep(delayMs).then(kill);
    });
  });

const assertWhole = async (pod: Pod, when: string): Promise<void> => {
  assert.equal(checkFooter(await readFile(join(pod.configDir, "default.conf"))), "whole", when);
};

describe("a writer that is killed", { skip: skipWithoutNginx }, () => {
  it("row 19: at any point of a write: the old file or the new, never a part; nothing of it is left; traffic goes on", (t) => {
    const [nginx] = nginxBinaries;
    if (nginx === undefined) return t.skip("no nginx");
    return onPod(nginx, async (pod) => {
      await pod.serve("steady");
      for (let index = 0; index < services; index += 1) await pod.expose(`app-${index}`);
      assert.equal(await pod.start("init").ended, 0);
      pod.start("reloader");
      await pod.waitForAnswer("steady.example.com", "steady");
      const traffic = pod.startTraffic("steady");

      let halves = 0;
      let change = 0;
      const changeOne = (): Promise<void> => {
        change += 1;
        const annotations = { "hotroute.io/path": `/change-${change}` };
        return patchService(pod.server, `app-${change % services}`, { metadata: { annotations } });
      };
      for (let kill = 0; kill < kills; kill += 1) {
        const program = pod.start(kill % 3 === 2 ? "init" : "generator");
        const dead = killWhileWriting(pod, program, kill % 2 === 0 ? 0 : Math.random() * 4);
        // The generator writes when something changes, init in any case.
        await changeOne();
        await dead;
        await assertWhole(pod, `after kill ${kill + 1}`);
        const left = await leftOvers(pod);
        assert.ok(left.length <= 1, `left: ${left}`);
        halves += left.length;
      }
      t.diagnostic(`${halves} of ${kills} kills left half a file behind`);
      assert.ok(halves > 0, "no kill came in the middle of a write");

      // The next one that runs takes it away, and writes what is wanted.
      const generator = pod.start("generator");
      await generator.waitForLog("watching Services");
      await waitFor("nothing to be left", async () => (await leftOvers(pod)).length === 0);
      await waitFor("the last change to be written", async () =>
        (await readFile(join(pod.configDir, "default.conf"), "utf8")).includes(`/change-${change}`),
      );
      await assertWhole(pod, "at the end");
      const end = await generator.stop();
      assert.equal(end, 0, `${JSON.stringify(generator.log().slice(-5))} ${generator.stderr()}`);
      const { requests, failures } = await traffic.stop();
      assert.deepEqual(failures, []);
      assert.ok(requests > 50, `${requests} requests are no traffic`);
    });
  });
});
