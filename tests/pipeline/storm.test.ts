import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { patchService } from "../support/api-servers.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { waitFor } from "../support/wait.ts";
import { onPod } from "./pod.ts";

const changes = 1000;
const durationMs = 10_000;
const services = 20;
/** A burst of 3, one for each second, and one for what came last. */
const maxReloads = 14;

/** The newest nginx that is here. */
const [nginx] = nginxBinaries;

describe("a storm of changes", { skip: skipWithoutNginx }, () => {
  it("row 8: 1,000 in 10 s through the whole pipeline cost at most 14 reloads, and the end is live", (t) =>
    nginx === undefined
      ? t.skip("no nginx")
      : onPod(nginx, async (pod) => {
          await pod.serve("steady");
          for (let index = 0; index < services; index += 1) await pod.serve(`app-${index}`);
          assert.equal(await pod.start("init").ended, 0);
          const reloader = pod.start("reloader");
          pod.start("generator");
          await pod.waitForAnswer("app-0.example.com", "app-0");
          const port = Number((await reloader.waitForLog("reloader started")).port);
          const countReloads = async (): Promise<number> => {
            const { body } = await get({ port, host: "localhost", path: "/metrics" });
            const results = [...body.matchAll(/^hotroute_reloads_total\{result="\w+"\} (\d+)$/gm)];
            return results.reduce((sum, [, count]) => sum + Number(count), 0);
          };
          const before = await countReloads();

          const startMs = performance.now();
          const hostOf = (change: number): string => `change-${change}.example.com`;
          const traffic = pod.startTraffic("steady");
          for (let change = 1; change <= changes; change += 1) {
            const labels = { "hotroute.io/host": hostOf(change) };
            await patchService(pod.server, `app-${change % services}`, { metadata: { labels } });
            await waitFor("its turn", () => performance.now() - startMs >= (change / changes) * durationMs, {
              everyMs: 1,
            });
          }
          const lastMs = performance.now();
          // The last change of each Service: all of the end state, nothing of what came before.
          for (let change = changes; change > changes - services; change -= 1) {
            await pod.waitForAnswer(hostOf(change), `app-${change % services}`);
          }
          const lagMs = performance.now() - lastMs;
          const { requests, failures } = await traffic.stop();
          assert.equal(await pod.answer(hostOf(changes - services)), "404");

          const reloads = (await countReloads()) - before;
          t.diagnostic(
            `${changes} changes in ${Math.round(lastMs - startMs)} ms, ${reloads} reloads, the end live ${Math.round(lagMs)} ms after the last change, ${requests} requests beside`,
          );
          // A machine that is busy with other tests may take longer, and one reload a second may be earned meanwhile.
          const lateSeconds = Math.max(0, Math.ceil((lastMs - startMs - durationMs - 500) / 1000));
          assert.ok(reloads <= maxReloads + lateSeconds, `${reloads} reloads`);
          // The goal is 1.5 s.
          assert.ok(lagMs < 10_000, `live ${lagMs} ms after the last change`);
          assert.deepEqual(failures, []);
          assert.ok(requests > 100, `${requests} requests are no traffic`);
        }));
});
