import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { describe, it } from "node:test";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { startSlowBackend } from "./backend.ts";
import { isApplied, onStage, type Reloader, type Stage, serverText } from "./fixture.ts";

const slowSite = (port: number, backendPort: number, body: string): string =>
  serverText(port, body).replace(
    "    location",
    `    location /slow { proxy_buffering off; proxy_pass http://127.0.0.1:${backendPort}; }\n    location`,
  );

const draining = 'hotroute_nginx_workers{state="draining"}';
const applied = 'hotroute_reloads_total{result="applied"}';

const countDescriptors = async (reloader: Reloader): Promise<number> =>
  (await readdir(`/proc/${reloader.child.pid}/fd`)).length;

const reloadTimes = async (stage: Stage, reloader: Reloader, count: number): Promise<void> => {
  const before = (await reloader.metric(applied)) ?? 0;
  for (let done = 1; done <= count; done += 1) {
    await stage.publish(serverText(stage.port, `reload ${done}`));
    await reloader.waitForMetric(applied, (value) => value === before + done);
  }
};

/** One GET on a connection that may be kept; the error's code when it fails. */
const getKept = (agent: Agent, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, agent }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode === 200 ? null : `status ${answer.statusCode}`));
    });
    sent.on("error", (error) => resolve(String(error)));
    sent.end();
  });

describe("many reloads", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 3 }, () => {
      it("thirty leave no descriptor, no process and no temporary file behind", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "0"));
          const reloader = await stage.start({ RELOAD_BURST: "100", WORKERS: "1" });
          await stage.waitForStatus("applied", isApplied);
          await reloadTimes(stage, reloader, 2);
          const before = await countDescriptors(reloader);
          await reloadTimes(stage, reloader, 30);
          // The sockets of the last scrapes and questions close a little later.
          await waitFor("the descriptors of before", async () => (await countDescriptors(reloader)) <= before + 2);
          const master = await stage.masterPid();
          const { pid } = reloader.child;
          const children = async (): Promise<string> =>
            (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim();
          await waitFor("nginx to be the only child", async () => (await children()) === String(master));
          await waitFor("one worker", async () => (await nginxChildren(master)).length === 1);
          await waitFor("no temporary file", async () =>
            (await readdir(stage.runDir, { recursive: true })).every((name) => !/(^|\/)\./.test(name)),
          );
        }));

      it("row 8: a storm of changes costs few reloads, and its last one is live", () =>
        onStage(nginx, async (stage) => {
          await stage.publish(serverText(stage.port, "calm"));
          const reloader = await stage.start();
          await stage.waitForStatus("applied", isApplied);
          const startMs = performance.now();
          let count = 0;
          while (count < 300 || performance.now() - startMs < 2_500) {
            count += 1;
            await stage.publish(serverText(stage.port, `storm ${count}`));
          }
          await stage.waitForBody(`storm ${count}`);
          const seconds = (performance.now() - startMs) / 1000;
          await stage.waitForStatus("applied", isApplied);
          const reloads = ((await reloader.metric(applied)) ?? 0) - 1;
          // Three at once, one for each second, and one for what came last.
          assert.ok(reloads <= 3 + Math.ceil(seconds), `${reloads} reloads for ${count} changes in ${seconds} s`);
        }));

      it("row 31: a long download lives on across a reload, and its old worker is seen draining", () =>
        onStage(nginx, async (stage) => {
          const backend = await startSlowBackend();
          try {
            await stage.publish(slowSite(stage.port, backend.port, "one"));
            const reloader = await stage.start();
            await stage.waitForStatus("applied", isApplied);
            const download = stage.body("/slow");
            await backend.waitForOpen(1);
            await stage.publish(slowSite(stage.port, backend.port, "two"));
            await stage.waitForBody("two");
            await stage.waitForStatus("applied", isApplied);
            await reloader.waitForMetric(draining, (value) => value === 1);
            await backend.finish();
            assert.equal(await download, "begin end");
            await reloader.waitForMetric(draining, (value) => value === 0);
          } finally {
            backend.close();
          }
        }));

      it("row 33: while old workers take too much memory the next reload waits, until they end", () =>
        onStage(nginx, async (stage) => {
          const backend = await startSlowBackend();
          try {
            const site = (body: string): string => slowSite(stage.port, backend.port, body);
            await stage.publish(site("one"));
            // One percent of any limit is less than what nginx takes.
            const reloader = await stage.start({ DRAIN_MEMORY_PERCENT: "1", DRAIN_WAIT_MS: "600000" });
            await stage.waitForStatus("applied", isApplied);
            const download = stage.body("/slow");
            await backend.waitForOpen(1);
            await stage.publish(site("two"));
            await stage.waitForBody("two");
            await stage.publish(site("three"));
            const message = "reload waits: old workers still drain, and another generation would pass the memory limit";
            await reloader.waitForLog(message);
            await stage.publish(site("four"));
            assert.equal(await stage.body(), "two");
            await backend.finish();
            assert.equal(await download, "begin end");
            await stage.waitForBody("four");
            await stage.waitForStatus("applied", isApplied);
            assert.equal(await reloader.metric(applied), 3, "the third was overtaken while it waited");
          } finally {
            backend.close();
          }
        }));

      it("row 33: the wait is bounded", () =>
        onStage(nginx, async (stage) => {
          const backend = await startSlowBackend();
          try {
            const site = (body: string): string => slowSite(stage.port, backend.port, body);
            await stage.publish(site("one"));
            await stage.start({ DRAIN_MEMORY_PERCENT: "1", DRAIN_WAIT_MS: "500" });
            await stage.waitForStatus("applied", isApplied);
            const download = stage.body("/slow");
            await backend.waitForOpen(1);
            await stage.publish(site("two"));
            await stage.waitForBody("two");
            await stage.publish(site("three"));
            await stage.waitForBody("three");
            await backend.finish();
            assert.equal(await download, "begin end");
          } finally {
            backend.close();
          }
        }));

      const [major = 0, minor = 0, patch = 0] = nginx.version.split(".").map(Number);
      const hasMinTimeout = major * 1e6 + minor * 1e3 + patch >= 1_027_004;
      it(
        "row 32: no kept-alive request fails across reloads",
        {
          skip: hasMinTimeout ? false : "nginx < 1.27.4 closes idle connections that a request is on the way to",
        },
        () =>
          onStage(nginx, async (stage) => {
            await stage.publish(serverText(stage.port, "0"));
            const reloader = await stage.start({ RELOAD_BURST: "100" });
            await stage.waitForStatus("applied", isApplied);
            let isOver = false;
            const failures: string[] = [];
            const client = async (): Promise<number> => {
              const agent = new Agent({ keepAlive: true, maxSockets: 1 });
              let count = 0;
              for (; !isOver; count += 1) {
                const failure = await getKept(agent, stage.port);
                if (failure !== null) failures.push(failure);
              }
              agent.destroy();
              return count;
            };
            const clients = Promise.all([client(), client(), client(), client()]);
            await reloadTimes(stage, reloader, 15);
            isOver = true;
            const counts = await clients;
            assert.deepEqual(failures, []);
            assert.ok(
              counts.every((count) => count > 20),
              `${counts} requests are no load`,
            );
          }),
      );
    });
  }
});
