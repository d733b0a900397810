import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { nginxChildren } from "../../src/reloader/processes.ts";
import { shareOfMemoryBytes } from "../../src/reloader/shared-memory.ts";
import { loadSite, manyServers } from "../../tests/load/site.ts";
import { isApplied, onStage } from "../../tests/reloader/fixture.ts";
import { keptAliveClient } from "../../tests/support/http1-client.ts";
import { openIdleConnection } from "../../tests/support/idle-connection.ts";
import { type LoadClient, startLoad, type Tally } from "../../tests/support/load.ts";
import { startLoadBackend } from "../../tests/support/load-backend.ts";
import { getRequest, postRequest } from "../../tests/support/load-request.ts";
import type { NginxUnderTest } from "../../tests/support/nginx-binaries.ts";
import { waitFor } from "../../tests/support/wait.ts";
import { type OpenWebSocket, openWebSocket } from "../../tests/support/web-socket.ts";
import { startSlowLink } from "./slow-link.ts";

/** What is compared. */
export interface Setting {
  readonly keepaliveMinTimeout: string;
  readonly workerShutdownTimeout: string;
  /** Reloads, one a second. */
  readonly reloads: number;
}

/** What came out of it. */
export interface Result {
  /** Clients that ask without a pause. */
  readonly busy: Tally;
  /** Clients behind a link of 40 ms there and back, that pause up to 8 s between two requests. */
  readonly thinking: Tally;
  /** How long a connection kept its worker alive that was replaced right after its answer, in milliseconds. */
  readonly heldMs: number;
  readonly peakWorkers: number;
  /** Anonymous memory of all of nginx, pages that processes share counted once, in bytes. */
  readonly peakBytes: number;
  readonly calmBytes: number;
  /** WebSockets opened, ten in each generation, and how many were cut off. */
  readonly webSockets: number;
  readonly cut: number;
}

const serverCount = 800;
const linkDelayMs = 20;
const longestPauseMs = 8_000;

const lookAtNginx = async (master: number): Promise<{ readonly workers: number; readonly bytes: number }> => {
  const pids = (await nginxChildren(master)).map(({ pid }) => pid);
  const sizes = await Promise.all([master, ...pids].map(shareOfMemoryBytes));
  return { workers: pids.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
};

/** The same client, who thinks before each request. */
const thinking = (client: LoadClient): LoadClient => ({
  send: async () => {
    await sleep(Math.random() * longestPauseMs);
    return client.send();
  },
  close: client.close,
});

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Runs one setting from a start to an end of its own. */
export const measure = async (nginx: NginxUnderTest, setting: Setting): Promise<Result> => {
  const backend = await startLoadBackend();
  let result: Result | null = null;
  await onStage(nginx, async (stage) => {
    const text = (mark: string): string =>
      loadSite(nginx, { listen: stage.port, backend: backend.port }, mark) + manyServers(stage.port, serverCount);
    await stage.publish(text("reload 0"));
    await stage.start({
      WORKERS: "2",
      TMPDIR: tmpdir(),
      KEEPALIVE_MIN_TIMEOUT: setting.keepaliveMinTimeout,
      WORKER_SHUTDOWN_TIMEOUT: setting.workerShutdownTimeout,
      // What is measured is what the two settings cost, not what the limit makes of it.
      DRAIN_WAIT_MS: "0",
    });
    await stage.waitForStatus("applied", isApplied);
    const master = await stage.masterPid();
    const reload = async (mark: string): Promise<void> => {
      await stage.publish(text(mark));
      await waitFor(mark, async () => (await stage.body("/mark")) === mark);
      await stage.waitForStatus("applied", isApplied);
    };

    const idle = await openIdleConnection(stage.port, "/mark");
    const first = (await nginxChildren(master)).map(({ pid }) => pid);
    const idleMs = performance.now();
    await reload("idle");
    const isGone = async (): Promise<boolean> => (await nginxChildren(master)).every(({ pid }) => !first.includes(pid));
    await waitFor("the first workers to end", isGone, { deadlineMs: 300_000 });
    const heldMs = performance.now() - idleMs;
    idle.close();

    const link = await startSlowLink(stage.port, linkDelayMs);
    const calm = await lookAtNginx(master);
    const post = postRequest(10_000);
    const busy = startLoad(times(6, (index) => keptAliveClient(stage.port, index % 2 === 0 ? getRequest : post)));
    const pausing = startLoad(
      times(100, (index) => thinking(keptAliveClient(link.port, index % 2 === 0 ? getRequest : post))),
    );
    const sockets: OpenWebSocket[] = [];
    let peak = calm;
    for (let count = 1; count <= setting.reloads; count += 1) {
      const nextMs = performance.now() + 1_000;
      sockets.push(...(await Promise.all(times(10, () => openWebSocket(stage.port)))));
      await reload(`reload ${count}`);
      const now = await lookAtNginx(master);
      peak = { workers: Math.max(peak.workers, now.workers), bytes: Math.max(peak.bytes, now.bytes) };
      await sleep(Math.max(0, nextMs - performance.now()));
    }
    const cut = sockets.filter((socket) => !socket.isOpen()).length;
    const tallies = await Promise.all([busy.stop(), pausing.stop()]);
    for (const socket of sockets) socket.close();
    link.stop();
    result = {
      busy: tallies[0],
      thinking: tallies[1],
      heldMs,
      peakWorkers: peak.workers,
      peakBytes: peak.bytes,
      calmBytes: calm.bytes,
      webSockets: sockets.length,
      cut,
    };
  });
  await backend.stop();
  if (result === null) throw new Error("nothing was measured");
  return result;
};
