import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nginxChildren, nginxGroup } from "../../src/reloader/processes.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { waitFor } from "../support/wait.ts";
import { isApplied, onStage, type Reloader, type Stage, serverText } from "./fixture.ts";

const hasPrlimit = spawnSync("prlimit", ["--version"]).status === 0;

const liveLink = (stage: Stage): Promise<string> => readlink(join(stage.runDir, "live.conf"));

/** Its output stays open while its nginx lives: what counts is its own end. */
const killReloader = async (reloader: Reloader): Promise<void> => {
  const exit = new Promise((resolve) => reloader.child.once("exit", resolve));
  reloader.child.kill("SIGKILL");
  await exit;
};

/** Publishes a configuration, and kills the reloader when it is promoted and before it can be verified. */
const killAtPromotion = async (stage: Stage, reloader: Reloader, text: string): Promise<void> => {
  const before = await liveLink(stage);
  const master = await stage.masterPid();
  process.kill(master, "SIGSTOP"); // it loads nothing: there can be no verdict
  try {
    await stage.publish(text);
    await waitFor("the promotion", async () => (await liveLink(stage)) !== before);
    await killReloader(reloader);
  } finally {
    process.kill(master, "SIGCONT");
  }
};

/**
 * A configuration that `nginx -t` passes, and that kills a master with little stack: nginx reads nested blocks by
 * recursion. Source: ngx_conf_parse in src/core/ngx_conf_file.c
 */
const deeplyNested = (port: number, body: string): string => {
  const paths = Array.from({ length: 600 }, (_, index) => `/${"a".repeat(index + 1)}`);
  const nested = paths.map((path) => `location ${path} {\n`).join("") + "}\n".repeat(paths.length);
  return serverText(port, body).replace("    location", `${nested}    location`);
};

/** Leaves a running master the stack that it has, and not much more. */
const limitStack = (pid: number): void => {
  assert.equal(spawnSync("prlimit", ["--pid", String(pid), "--stack=16384:16384"]).status, 0);
};

describe("what is killed in the middle of a change", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 3 }, () => {
      it("row 16: the reloader is killed between promotion and verdict: the next one serves the last verified release", () =>
        onStage(nginx, async (stage) => {
          const taken = await freePort();
          const other = createServer();
          await new Promise<void>((resolve) => other.listen(taken, "127.0.0.1", resolve));
          try {
            await stage.publish(serverText(stage.port, "verified"));
            const first = await stage.start();
            const { live } = await stage.waitForStatus("applied", isApplied);
            // nginx -t passes it, and no nginx can run it: a start from it would be an outage.
            const cannotRun = serverText(stage.port, "cannot run") + serverText(taken, "never");
            await killAtPromotion(stage, first, cannotRun);
            assert.ok(!(await liveLink(stage)).includes(String(live)), "live.conf names what was being tried");
            const second = await stage.start();
            await stage.waitForBody("verified");
            await second.waitForLog("nginx started from the last verified release");
            assert.ok((await liveLink(stage)).includes(String(live)));
            const status = await stage.waitForStatus("unverified", ({ state }) => state === "unverified");
            assert.match(status.message, /killed while nginx loaded this revision/);
            assert.equal(status.live, live);
            assert.equal((await second.ask("/readyz")).status, 200);
            await stage.publish(serverText(stage.port, "corrected"));
            await stage.waitForBody("corrected");
            await stage.waitForStatus("applied", isApplied);
          } finally {
            other.close();
          }
        }));

      it("row 16: the reloader is killed at its very first promotion: the next one begins anew", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "first"));
          const reloader = await stage.start();
          await waitFor("the promotion", () => liveLink(stage));
          await killReloader(reloader);
          await stage.start();
          await stage.waitForBody("first");
          await stage.waitForStatus("applied", isApplied);
        }));

      it(
        "row 14: a configuration that kills nginx when it is loaded: back on the last verified release, within a second, as often as it takes",
        { skip: hasPrlimit ? false : "no prlimit to take nginx's stack" },
        () =>
          onStage(nginx, async (stage) => {
            await stage.publish(serverText(stage.port, "verified"));
            const startedMs = performance.now();
            const reloader = await stage.start();
            const { live } = await stage.waitForStatus("applied", isApplied);
            const startMs = performance.now() - startedMs;
            // One more than the deaths that nginx itself is allowed in a minute.
            for (const death of [1, 2, 3, 4]) {
              const master = await stage.masterPid();
              const workers = await nginxChildren(master);
              assert.ok(workers.length > 0);
              limitStack(master);
              await stage.publish(deeplyNested(stage.port, `deadly ${death}`));
              const series = 'hotroute_reloads_total{result="unverified"}';
              await reloader.waitForMetric(series, (value) => value === death);
              assert.equal((await nginxGroup(master)).length, 0, "its workers hold no ports");
              const status = await stage.waitForStatus("unverified", ({ state }) => state === "unverified");
              assert.match(status.message, /nginx ended while it loaded the configuration \(SIGSEGV\)/);
              await reloader.waitForMetric("hotroute_nginx_up", (value) => value === 1);
              await stage.waitForBody("verified");
              assert.notEqual(await stage.masterPid(), master);
              await stage.waitForStatus("live again", (now) => now.live === live);
            }
            const refused = reloader.log().filter(({ retryInMs }) => retryInMs !== undefined);
            assert.deepEqual(
              refused.map(({ retryInMs }) => retryInMs),
              [15_000, 15_000, 15_000, 15_000],
              "each try costs every connection: not as soon as others",
            );
            const timeOf = async (message: string): Promise<number> =>
              Date.parse(String((await reloader.waitForLog(message)).time));
            const diedMs = await timeOf("nginx died; it is started anew from the last verified release");
            const backMs = await timeOf("nginx started from the last verified release");
            // A machine that is busy with other tests gets as long as the whole program took to start.
            assert.ok(backMs - diedMs < Math.max(1_000, startMs), `${backMs - diedMs} ms`);
            await stage.publish(serverText(stage.port, "corrected"));
            await stage.waitForBody("corrected");
            assert.equal(reloader.child.exitCode, null);
          }),
      );
    });
  }
});
