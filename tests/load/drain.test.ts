import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DrainView, mustDrain, viewDrain } from "../../src/reloader/drain.ts";
import { nginxChildren, ownMemoryBytes } from "../../src/reloader/processes.ts";
import { shareOfMemoryBytes } from "../../src/reloader/shared-memory.ts";
import { isApplied, onStage } from "../reloader/fixture.ts";
import { startLoadBackend } from "../support/load-backend.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";
import { type OpenWebSocket, openWebSocket } from "../support/web-socket.ts";
import { loadSite, manyServers } from "./site.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe("mustDrain()", () => {
  const view: DrainView = { drainingWorkers: 1, usedBytes: 60, limitBytes: 100, generationBytes: 20 };

  it("holds when another generation would pass the share of the limit", () => {
    assert.equal(mustDrain(view, 80), false);
    assert.equal(mustDrain({ ...view, usedBytes: 61 }, 80), true);
  });

  it("never holds when there is nothing to wait for", () => {
    assert.equal(mustDrain({ ...view, drainingWorkers: 0, usedBytes: 1000 }, 80), false);
  });
});

describe("viewDrain()", { skip: skipWithoutNginx }, () => {
  it("counts the memory that workers have in common once", (t) => {
    const [nginx] = nginxBinaries;
    if (nginx === undefined) return t.skip("no nginx");
    return onStage(nginx, async (stage) => {
      const backend = await startLoadBackend();
      const sockets: OpenWebSocket[] = [];
      try {
        const text = (mark: string): string =>
          loadSite(nginx, { listen: stage.port, backend: backend.port }, mark) + manyServers(stage.port, 1000);
        await stage.publish(text("first"));
        await stage.start({ WORKERS: "4" });
        await stage.waitForStatus("applied", isApplied);
        const master = await stage.masterPid();
        assert.equal(await viewDrain(master, null), null, "nothing drains");
        sockets.push(await openWebSocket(stage.port));
        await stage.publish(text("second"));
        await waitFor("the second", async () => (await stage.body("/mark")) === "second");
        await stage.waitForStatus("applied", isApplied);
        const view = await waitFor("one worker to drain", async () => {
          const now = await viewDrain(master, null);
          return now?.drainingWorkers === 1 && now;
        });
        const pids = [master, ...(await nginxChildren(master)).map(({ pid }) => pid)];
        const resident = sum(await Promise.all(pids.map(ownMemoryBytes)));
        assert.ok(view.usedBytes < resident / 2, `${view.usedBytes} of ${resident} resident bytes`);
        assert.ok(view.generationBytes < view.usedBytes);
        assert.equal(view.limitBytes, 1024 * 1024 * 1024);
      } finally {
        for (const socket of sockets) socket.close();
        await backend.stop();
      }
    });
  });
});

describe("shareOfMemoryBytes()", () => {
  it("is no more than what is resident, and 0 of no process", async () => {
    const share = await shareOfMemoryBytes(process.pid);
    assert.ok(share > 0 && share <= (await ownMemoryBytes(process.pid)) * 1.2);
    assert.equal(await shareOfMemoryBytes(2 ** 22 + 1), 0);
  });
});
