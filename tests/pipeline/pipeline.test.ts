import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, describe, it } from "node:test";
import { parseStatus } from "../../src/contract/status.ts";
import { apiServerKinds, createService, deleteService, exposed, patchService } from "../support/api-servers.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { kubectlAvailable, kubectlFor } from "../support/kubectl.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get } from "../support/nginx-server.ts";
import { makePodSurroundings, type PodSurroundings } from "../support/pod-surroundings.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";

/** An upgraded connection through nginx. */
const openWebSocket = (port: number, host: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const headers = { host, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const sent = request({ host: "127.0.0.1", port, path: "/", headers, agent: false });
    sent.on("upgrade", (_answer, socket) => resolve(socket));
    sent.on("response", (answer) => reject(new Error(`no upgrade, but ${answer.statusCode}`)));
    sent.on("error", reject);
    sent.end();
  });

const echo = (socket: Duplex, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once("data", (data: Buffer) => resolve(data.toString()));
    socket.once("close", () => reject(new Error("the connection was closed")));
    socket.write(text);
  });

const hasKubectl = kubectlAvailable();

for (const kind of apiServerKinds) {
  for (const nginx of nginxBinaries) {
    describe(`${kind.kind} → init → generator → reloader → nginx ${nginx.version}`, { skip: kind.skip }, () => {
      let folder: string;
      let server: TestApiServer;
      let generator: RunningProgram;
      let reloader: RunningProgram;
      let port: number;
      let environment: PodSurroundings["environment"];
      const backends: Backend[] = [];

      const serve = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> => {
        const { clusterIP } = await createService(server, { name, labels });
        backends.push(await startBackend(name, clusterIP, 8000));
      };
      const answer = async (host: string, path = "/") => {
        const { status, body } = await get({ port, host, path });
        return status === 200 ? body : String(status);
      };
      const waitForAnswer = (host: string, wanted: string) =>
        waitFor(`${host} to be answered by ${wanted}`, async () => (await answer(host)) === wanted);

      before(async () => {
        server = await kind.start();
        ({ folder, port, environment } = await makePodSurroundings(nginx, server.kubeconfigPath));
        for (let index = 0; index < 9; index += 1) await serve(`app-${index}`, exposed(`app-${index}.example.com`));
        await serve("plain");
        const init = startProgram("init", environment);
        assert.equal(await init.ended, 0, init.stderr());
        reloader = startProgram("reloader", environment);
        generator = startProgram("generator", environment);
        await waitForAnswer("app-0.example.com", "app-0");
      });
      after(async () => {
        await generator?.stop();
        await reloader?.stop();
        for (const backend of backends) await backend.stop();
        await server?.stop();
        await rm(folder, { recursive: true, force: true });
      });

      it("serves what init wrote", async () => {
        for (let index = 0; index < 9; index += 1) {
          assert.equal(await answer(`app-${index}.example.com`), `app-${index}`);
        }
        assert.equal(await answer("plain.example.com"), "404");
      });

      it("a label routes a Service, a change moves it, the label's end ends it", async (t) => {
        const startMs = performance.now();
        await patchService(server, "plain", { metadata: { labels: exposed("plain.example.com") } });
        await waitForAnswer("plain.example.com", "plain");
        t.diagnostic(`from the label to the first answer: ${Math.round(performance.now() - startMs)} ms`);
        const live = await generator.waitForLog("live");
        t.diagnostic(`from the event to settled: ${String(live.propagationMs)} ms`);
        await patchService(server, "plain", { metadata: { labels: { "hotroute.io/host": "moved.example.com" } } });
        await waitForAnswer("moved.example.com", "plain");
        await waitForAnswer("plain.example.com", "404");
        await patchService(server, "plain", { metadata: { labels: { "hotroute.io/expose": null } } });
        await waitForAnswer("moved.example.com", "404");
      });

      it("kubectl label is answered by nginx", { skip: hasKubectl === true ? false : hasKubectl }, async () => {
        const kubectl = kubectlFor(server.kubeconfigPath);
        const labels = ["hotroute.io/expose=true", "hotroute.io/host=kubectl.example.com"];
        const { code, stderr } = await kubectl(["label", "service", "plain", ...labels, "--overwrite"]);
        kubectl.dispose();
        assert.equal(code, 0, stderr);
        await waitForAnswer("kubectl.example.com", "plain");
      });

      it("a wrong annotation costs one route, and nobody else a request", async () => {
        await patchService(server, "app-1", { metadata: { annotations: { "hotroute.io/path": "no-slash; }" } } });
        await waitForAnswer("app-1.example.com", "404");
        assert.equal(await answer("app-2.example.com"), "app-2");
        await patchService(server, "app-1", { metadata: { annotations: { "hotroute.io/path": null } } });
        await waitForAnswer("app-1.example.com", "app-1");
      });

      it("a WebSocket lives across a reload", async () => {
        const socket = await openWebSocket(port, "app-3.example.com");
        assert.equal(await echo(socket, "before"), "before");
        await patchService(server, "app-4", { metadata: { labels: { "hotroute.io/host": "reloaded.example.com" } } });
        await waitForAnswer("reloaded.example.com", "app-4");
        assert.equal(await echo(socket, "after"), "after");
        socket.destroy();
      });

      it("status.json says what is live, as the contract has it", async () => {
        const status = await waitFor("an applied status", async () => {
          const parsed = parseStatus(await readFile(join(folder, "run", "status.json"), "utf8"));
          return parsed?.state === "applied" && parsed.wanted === parsed.live ? parsed : null;
        });
        assert.deepEqual(Object.keys(status.files), ["default.conf"]);
        assert.deepEqual(status.liveFiles, status.files);
      });

      it("a killed generator takes nothing down, and catches up when it is back", async () => {
        generator.child.kill("SIGKILL");
        await generator.ended;
        await deleteService(server, "app-8");
        assert.equal(await answer("app-2.example.com"), "app-2");
        generator = startProgram("generator", environment);
        await waitForAnswer("app-8.example.com", "404");
        assert.equal(await answer("app-2.example.com"), "app-2");
      });
    });
  }
}
