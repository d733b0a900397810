import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGenerations } from "../../src/reloader/generations.ts";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { isApplied, onStage } from "../reloader/fixture.ts";
import { startLoadBackend } from "../support/load-backend.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { openWebSocket } from "../support/web-socket.ts";
import { loadSite } from "./site.ts";

describe("createGenerations()", { skip: skipWithoutNginx }, () => {
  it("observes generations of real workers until their last connection ends", (t) => {
    const [nginx] = nginxBinaries;
    if (nginx === undefined) return t.skip("no nginx");
    return onStage(nginx, async (stage) => {
      const backend = await startLoadBackend();
      try {
        const publish = async (mark: string): Promise<void> => {
          await stage.publish(loadSite(nginx, { listen: stage.port, backend: backend.port }, mark));
          await waitFor(mark, async () => (await stage.body("/mark")) === mark);
          await stage.waitForStatus("applied", isApplied);
        };
        await stage.publish(loadSite(nginx, { listen: stage.port, backend: backend.port }, "first"));
        await stage.start({ WORKERS: "1" });
        await stage.waitForStatus("applied", isApplied);
        const master = await stage.masterPid();
        const generations = createGenerations();
        assert.deepEqual(await generations.observe(master), { count: 0, oldestMs: 0, memoryBytes: 0 });

        const sockets = [];
        for (const [mark, atMs] of [
          ["second", 1_000],
          ["third", 3_000],
        ] as const) {
          const retired = (await nginxChildren(master)).filter(({ role }) => role === "active");
          sockets.push(await openWebSocket(stage.port));
          await publish(mark);
          generations.retire(`before ${mark}`, retired, atMs);
        }
        const both = await generations.observe(master, 4_000);
        assert.equal(both.count, 2);
        assert.equal(both.oldestMs, 3_000);
        assert.ok(both.memoryBytes > 1024 * 1024, `${both.memoryBytes} bytes are no two workers`);
        assert.deepEqual(await generations.draining(master), ["before second", "before third"]);

        sockets[0]?.close();
        const one = await waitFor("the first to end", async () => {
          const now = await generations.observe(master, 5_000);
          return now.count === 1 && now;
        });
        assert.equal(one.oldestMs, 2_000);
        sockets[1]?.close();
        await waitFor("the second to end", async () => (await generations.observe(master, 6_000)).count === 0);
        assert.deepEqual(await generations.draining(master), []);
      } finally {
        await backend.stop();
      }
    });
  });
});
