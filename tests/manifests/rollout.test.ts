import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { isApplied, onStage, type Reloader, type Stage } from "../reloader/fixture.ts";
import { closingClient, keptAliveClient } from "../support/http1-client.ts";
import { startLoad } from "../support/load.ts";
import { startLoadBackend } from "../support/load-backend.ts";
import { getRequest, postRequest } from "../support/load-request.ts";
import { isNginxAtLeast, nginxBinaries } from "../support/nginx-binaries.ts";
import { waitFor } from "../support/wait.ts";

// With keepalive_min_timeout a connection that is kept alive gets one more answer from an nginx that ends.
const nginx = nginxBinaries.find((candidate) => isNginxAtLeast(candidate, "1.27.4"));

/** What kube-proxy does for a Service: new connections go to its endpoints in turn, those that are there stay. */
interface Endpoints {
  readonly port: number;
  set(ports: readonly number[]): void;
  stop(): Promise<void>;
}

const startEndpoints = async (): Promise<Endpoints> => {
  let ports: readonly number[] = [];
  let next = 0;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: ports[next++ % ports.length] ?? 0, host: "127.0.0.1", noDelay: true });
    // What one side does to the connection, the other side sees: a reset is not made an end.
    const join = (from: Socket, to: Socket): void => {
      keep(from).pipe(to);
      from.on("error", () => to.resetAndDestroy());
    };
    join(client, upstream);
    join(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  return {
    port: address.port,
    set: (wanted) => {
      ports = wanted;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

const isReady = async (reloader: Reloader): Promise<boolean> => (await reloader.ask("/readyz")).status === 200;

describe("an upgrade, as a Deployment makes it", {
  skip: nginx === undefined && "no nginx of 1.27.4 or later: set NGINX_BIN",
}, () => {
  it("drops no request: the new Pod is ready, the old one's endpoint is withdrawn, then it ends", async () => {
    assert.ok(nginx);
    const backend = await startLoadBackend();
    const endpoints = await startEndpoints();
    const text = (port: number): string =>
      `upstream backend { server 127.0.0.1:${backend.port}; keepalive 8; }\n` +
      `server { listen 127.0.0.1:${port}; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://backend; } }\n`;
    const startPod = async (stage: Stage): Promise<Reloader> => {
      await stage.publish(text(stage.port));
      const reloader = await stage.start({ WORKERS: "2" });
      await stage.waitForStatus("applied", isApplied);
      await waitFor("the Pod to be ready", () => isReady(reloader));
      return reloader;
    };
    try {
      await onStage(nginx, (first) =>
        onStage(nginx, async (second) => {
          let [old, young] = [first, second];
          let running = await startPod(old);
          endpoints.set([old.port]);
          const clients = Array.from({ length: 8 }, () => [
            keptAliveClient(endpoints.port, getRequest),
            keptAliveClient(endpoints.port, postRequest(8_000)),
            closingClient(endpoints.port, getRequest),
          ]);
          const load = startLoad(clients.flat());
          const answered = async (count: number): Promise<void> => {
            const wanted = load.tally().answered + count;
            await waitFor("the load to go on", () => load.tally().answered >= wanted, { deadlineMs: 60_000 });
          };
          await answered(200);
          for (let rollout = 0; rollout < 3; rollout += 1) {
            const upgraded = await startPod(young);
            endpoints.set([old.port, young.port]);
            await answered(100);
            // The preStop pause: nobody sends new connections to the old Pod any more, and it still takes them.
            endpoints.set([young.port]);
            assert.ok(await isReady(running));
            await answered(100);
            running.child.kill("SIGTERM");
            assert.equal(await running.ended, 0);
            await answered(100);
            running = upgraded;
            [old, young] = [young, old];
          }
          const { failures } = await load.stop();
          assert.deepEqual(failures, []);
        }),
      );
    } finally {
      await endpoints.stop();
      await backend.stop();
    }
  });
});
