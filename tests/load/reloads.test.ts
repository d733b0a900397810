import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { isApplied, onStage, type Reloader, type Stage, serverText } from "../reloader/fixture.ts";
import { closingClient, keptAliveClient } from "../support/http1-client.ts";
import { http2Client } from "../support/http2-client.ts";
import { type Load, startLoad, type Tally } from "../support/load.ts";
import { startLoadBackend } from "../support/load-backend.ts";
import { getRequest, postRequest } from "../support/load-request.ts";
import { isNginxAtLeast, type NginxUnderTest, nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { loadSite } from "./site.ts";

/** `make nightly` asks for 200. */
const reloadCount = Number(process.env.HOTROUTE_LOAD_RELOADS ?? 50);

const applied = 'hotroute_reloads_total{result="applied"}';

/** Publishes one text after the other, each after the one before was verified. */
const reloadTimes = async (
  stage: Stage,
  reloader: Reloader,
  count: number,
  text: (mark: string) => string,
): Promise<void> => {
  const before = (await reloader.metric(applied)) ?? 0;
  for (let done = 1; done <= count; done += 1) {
    await stage.publish(text(`reload ${before + done}`));
    await reloader.waitForMetric(applied, (value) => value === before + done);
  }
};

const speaksHttp2 = (nginx: NginxUnderTest): boolean => isNginxAtLeast(nginx, "1.25.1");

const smallBody = postRequest(300);
const largeBody = postRequest(256 * 1024);

const keptAliveLoad = (port: number): Load =>
  startLoad([getRequest, getRequest, smallBody, largeBody].map((asked) => keptAliveClient(port, asked)));
const closingLoad = (port: number): Load =>
  startLoad([getRequest, getRequest, smallBody, largeBody].map((asked) => closingClient(port, asked)));
const http2Load = (port: number): Load =>
  startLoad([getRequest, smallBody, largeBody].map((asked) => http2Client(port, asked)));

const describeTally = (name: string, { answered, unprocessed, failures }: Tally): string =>
  `${name}: ${answered} answered, ${unprocessed} given back unprocessed, ${failures.length} failed`;

describe("many reloads", { skip: skipWithoutNginx }, () => {
  for (const nginx of nginxBinaries) {
    describe(`nginx ${nginx.version}`, { concurrency: 2 }, () => {
      it("thirty leave no descriptor, no process and no temporary file behind", () =>
        onStage(nginx, async (stage) => {
          const text = (mark: string): string => serverText(stage.port, mark);
          await stage.publish(text("0"));
          const reloader = await stage.start({ RELOAD_BURST: "100", WORKERS: "1" });
          await stage.waitForStatus("applied", isApplied);
          const countDescriptors = async (): Promise<number> =>
            (await readdir(`/proc/${reloader.child.pid}/fd`)).length;
          await reloadTimes(stage, reloader, 2, text);
          const before = await countDescriptors();
          await reloadTimes(stage, reloader, 30, text);
          // The sockets of the last scrapes and questions close a little later.
          await waitFor("the descriptors of before", async () => (await countDescriptors()) <= before + 2);
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

      // Without keepalive_min_timeout nginx closes connections that a request is on the way to: less is to be seen there.
      const isGentle = isNginxAtLeast(nginx, "1.27.4");
      const reloads = isGentle ? reloadCount : Math.min(20, reloadCount);
      it(`row 32: ${reloads} reloads under load`, (t) =>
        onStage(nginx, async (stage) => {
          const backend = await startLoadBackend();
          const loads: Record<string, Load> = {};
          try {
            const text = (mark: string): string => loadSite(nginx, { listen: stage.port, backend: backend.port }, mark);
            await stage.publish(text("0"));
            // The stage's folder is closed to nginx's workers, who are nobody when this is root: bodies need a place.
            const settings = { RELOAD_BURST: "1000", RELOAD_INTERVAL_MS: "1", WORKERS: "2", TMPDIR: tmpdir() };
            const reloader = await stage.start(settings);
            await stage.waitForStatus("applied", isApplied);
            loads.kept = keptAliveLoad(stage.port);
            loads.closing = closingLoad(stage.port);
            if (speaksHttp2(nginx)) loads.http2 = http2Load(stage.port);
            const startMs = performance.now();
            await reloadTimes(stage, reloader, reloads, text);
            t.diagnostic(`${reloads} reloads in ${Math.round(performance.now() - startMs)} ms`);
            const tallies: Record<string, Tally> = {};
            for (const [name, load] of Object.entries(loads)) tallies[name] = await load.stop();
            for (const [name, tally] of Object.entries(tallies)) t.diagnostic(describeTally(name, tally));
            const { kept, closing, http2 } = tallies;
            if (isGentle) assert.deepEqual(kept?.failures, []);
            assert.deepEqual(closing?.failures, []);
            assert.deepEqual(http2?.failures ?? [], []);
            const all = Object.values(tallies);
            const answered = all.reduce((sum, tally) => sum + tally.answered, 0);
            const failed = all.reduce((sum, tally) => sum + tally.failures.length, 0);
            assert.ok(
              all.every((tally) => tally.answered > reloads),
              "that is no load",
            );
            // What was given back was not done: nothing reached the backend twice.
            assert.ok(
              backend.requests() >= answered && backend.requests() <= answered + failed,
              `${backend.requests()}`,
            );
            const results = ["rejected", "unverified", "failed"].map(
              (result) => `hotroute_reloads_total{result="${result}"}`,
            );
            for (const series of results) assert.equal(await reloader.metric(series), 0);
          } finally {
            await Promise.all(Object.values(loads).map((load) => load.stop()));
            await backend.stop();
          }
        }));
    });
  }
});
