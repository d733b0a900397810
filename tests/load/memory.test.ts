import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { isApplied, onStage, serverText } from "../reloader/fixture.ts";
import { startLoadBackend } from "../support/load-backend.ts";
import { createMemoryCgroup, type MemoryCgroup } from "../support/memory-cgroup.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { toMiB } from "../support/process-memory.ts";
import type { RunningProgram } from "../support/program.ts";
import { waitFor } from "../support/wait.ts";
import { type OpenWebSocket, openWebSocket } from "../support/web-socket.ts";
import { startInCgroup } from "./container.ts";
import { loadSite, manyServers } from "./site.ts";

const mib = 1024 * 1024;
const heldMessage = "reload waits: old workers still drain, and another generation would pass the memory limit";

/** With so many servers a generation of workers takes some 30 MiB. */
const serverCount = 800;

const isHeld = (program: RunningProgram): boolean => program.log().some(({ msg }) => msg === heldMessage);

/** Sends a body but for its last byte, so that nginx keeps it in memory. */
const holdUpload = (port: number, sizeBytes: number): Socket => {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => socket.destroy());
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${sizeBytes + 1}\r\n\r\n`);
  socket.write(Buffer.alloc(sizeBytes, "x"));
  return socket;
};

/** Runs a test with a memory cgroup of its own, or skips it where none can be made. */
const inCgroup = async (
  limitBytes: number,
  skip: (reason: string) => void,
  test: (cgroup: MemoryCgroup) => Promise<void>,
): Promise<void> => {
  const cgroup = await createMemoryCgroup(limitBytes);
  if (typeof cgroup === "string") return skip(cgroup);
  try {
    await test(cgroup);
  } finally {
    await cgroup.remove();
  }
};

describe("a memory limit", { skip: skipWithoutNginx, concurrency: true }, () => {
  for (const nginx of nginxBinaries) {
    it(`row 33: reloads with 100 open WebSockets stay within it, and go on when old ones end (nginx ${nginx.version})`, (t) =>
      inCgroup(
        320 * mib,
        (reason) => t.skip(reason),
        (cgroup) =>
          onStage(nginx, async (stage) => {
            const backend = await startLoadBackend();
            const generations: OpenWebSocket[][] = [];
            const program = startInCgroup(stage, nginx, cgroup, { DRAIN_WAIT_MS: "600000" });
            try {
              const text = (mark: string): string =>
                loadSite(nginx, { listen: stage.port, backend: backend.port }, mark) +
                manyServers(stage.port, serverCount);
              const publishAndOpen = async (): Promise<boolean> => {
                const mark = `generation ${generations.length}`;
                await stage.publish(text(mark));
                await waitFor(
                  `${mark} to be live or held`,
                  async () => isHeld(program) || (await stage.body("/mark")) === mark,
                );
                if (isHeld(program)) return false;
                await stage.waitForStatus("applied", isApplied);
                generations.push(
                  await Promise.all(
                    Array.from({ length: generations.length === 0 ? 80 : 10 }, () => openWebSocket(stage.port)),
                  ),
                );
                return true;
              };
              while (generations.length < 20 && (await publishAndOpen()));
              t.diagnostic(
                `held after ${generations.length} generations, peak ${toMiB(await cgroup.peakBytes())} of 320 MiB`,
              );
              const line = await program.waitForLog(heldMessage);
              assert.equal(line.limitBytes, 320 * mib, "the container's own limit");
              assert.ok(generations.length >= 3, "a generation is no tenth of the limit");
              const sockets = generations.flat();
              assert.ok(sockets.length >= 100);
              assert.ok(sockets.every((socket) => socket.isOpen()));
              assert.equal(await cgroup.oomKills(), 0);
              assert.equal(await stage.body("/mark"), `generation ${generations.length - 1}`);

              // The older ones end, and what was held goes on; the younger ones are not cut.
              for (const socket of generations.slice(0, -2).flat()) socket.close();
              await waitFor(
                "what was held",
                async () => (await stage.body("/mark")) === `generation ${generations.length}`,
              );
              const rest = generations.slice(-2).flat();
              const echoes = await Promise.all(rest.map((socket) => socket.echo("alive")));
              assert.ok(echoes.length > 0 && echoes.every((echo) => echo === "alive"));
              assert.equal(await cgroup.oomKills(), 0);
            } finally {
              for (const socket of generations.flat()) socket.close();
              await program.stop();
              await backend.stop();
            }
          }),
      ));

    it(`row 33: the kernel kills for memory: traffic comes back by itself (nginx ${nginx.version})`, (t) =>
      inCgroup(
        200 * mib,
        (reason) => t.skip(reason),
        (cgroup) =>
          onStage(nginx, async (stage) => {
            const backend = await startLoadBackend();
            const uploads: Socket[] = [];
            let program = startInCgroup(stage, nginx, cgroup);
            let isOver = false;
            let restarts = 0;
            // What a kubelet does with a container that ended, whichever of its processes the kernel chose.
            const restarting = (async () => {
              for (;;) {
                await program.ended;
                if (isOver) return;
                restarts += 1;
                program = startInCgroup(stage, nginx, cgroup);
              }
            })();
            try {
              const body = `client_body_buffer_size 64m;\nclient_max_body_size 64m;\n`;
              await stage.publish(
                body +
                  loadSite(nginx, { listen: stage.port, backend: backend.port }, "live").replace(
                    "    client_max_body_size 8m;\n",
                    "",
                  ),
              );
              await stage.waitForStatus("applied", isApplied);
              await stage.publish("bad\n");
              await stage.waitForStatus("rejected", ({ state }) => state === "rejected");
              await waitFor(
                "the kernel to kill",
                async () => {
                  if (uploads.length < 20) uploads.push(holdUpload(stage.port, 40 * mib));
                  return (await cgroup.oomKills()) > 0;
                },
                { everyMs: 100 },
              );
              for (const upload of uploads) upload.destroy();
              await waitFor("traffic to be back", async () => (await stage.body("/mark")) === "live");
              t.diagnostic(
                `killed ${await cgroup.oomKills()} processes; the container was started anew ${restarts} times`,
              );

              // And the whole container at once, while the shared file is bad.
              const before = restarts;
              await cgroup.killAll();
              await waitFor("the container to be started anew", () => restarts > before);
              await waitFor("traffic to be back", async () => (await stage.body("/mark")) === "live");
              await stage.waitForStatus(
                "what is bad",
                ({ state, at }) => state === "rejected" && at?.file === "default.conf",
              );
              await stage.publish(serverText(stage.port, "mended"));
              await stage.waitForBody("mended");
            } finally {
              isOver = true;
              for (const upload of uploads) upload.destroy();
              await program.stop();
              await restarting;
              await backend.stop();
            }
          }),
      ));
  }
});
