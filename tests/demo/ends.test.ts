import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { skipWithoutNginx } from "../support/nginx-binaries.ts";
import { programFile } from "../support/program-file.ts";
import { kubeconfigFor } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { onStage, type RunningDemo, type Stage, startAndWait } from "./fixture.ts";

/** What must be running before an end shows anything. */
const expectWholePod = async (stage: Stage): Promise<void> => {
  const parts = [programFile("generator"), programFile("reloader"), "nginx: master", "nginx: worker", "hotroute-guard"];
  for (const part of parts) {
    await waitFor(`${part} to run`, async () => (await stage.processes()).some(({ title }) => title.includes(part)));
  }
};

const endBy =
  (options: {
    readonly end: (demo: RunningDemo, stage: Stage) => Promise<void> | void;
    readonly code: number | NodeJS.Signals;
    readonly environment?: Readonly<Record<string, string>>;
  }) =>
  () =>
    onStage(async (stage) => {
      const demo = await startAndWait(stage, { environment: options.environment ?? {} });
      await expectWholePod(stage);
      await options.end(demo, stage);
      assert.equal(await demo.ended, options.code, demo.err());
      await stage.waitForNobody();
    });

/** A reloader that is stopped cannot end in order: so the demo is still ending when the second signal comes. */
const holdReloader = async (stage: Stage): Promise<void> => {
  const reloader = (await stage.processes()).find(({ title }) => title.includes(programFile("reloader")));
  assert.ok(reloader);
  process.kill(reloader.pid, "SIGSTOP");
};

describe("nothing outlives the demo", { skip: skipWithoutNginx, concurrency: 3 }, () => {
  it("SIGTERM", endBy({ end: ({ child }) => void child.kill("SIGTERM"), code: 0 }));

  it(
    "SIGHUP, twice: a closed terminal",
    endBy({
      end: ({ child }) => {
        child.kill("SIGHUP");
        child.kill("SIGHUP");
      },
      code: 0,
    }),
  );

  it(
    "one stop that arrives twice, as `timeout` and make send it, ends in order",
    endBy({
      end: ({ child }) => {
        child.kill("SIGTERM");
        child.kill("SIGTERM");
      },
      code: 0,
    }),
  );

  it(
    "Ctrl-C again while it stops",
    endBy({
      end: async (demo, stage) => {
        await holdReloader(stage);
        demo.child.kill("SIGINT");
        await demo.waitForText("stopping");
        // Those within a moment of the first are the same stop.
        await waitFor("the second Ctrl-C to be taken", () => {
          demo.child.kill("SIGINT");
          return demo.child.exitCode !== null;
        });
      },
      code: 130,
    }),
  );

  it("SIGKILL", endBy({ end: ({ child }) => void child.kill("SIGKILL"), code: "SIGKILL" }));

  it(
    "SIGKILL, with a reloader that is stopped and takes no signal",
    endBy({
      end: async ({ child }, stage) => {
        await holdReloader(stage);
        child.kill("SIGKILL");
      },
      code: "SIGKILL",
    }),
  );

  for (const [what, code] of [
    ["an uncaught exception", 'throw new Error("boom")'],
    ["an unhandled rejection", 'Promise.reject(new Error("boom"))'],
  ] as const) {
    it(
      what,
      endBy({
        environment: {
          NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`process.on("SIGUSR2",()=>{${code}})`)}`,
        },
        end: async (demo) => {
          demo.child.kill("SIGUSR2");
          await demo.ended;
          assert.match(demo.err(), /boom/);
        },
        code: 1,
      }),
    );
  }

  it(
    "standard output that nobody reads any more (| head -5): at the next write",
    endBy({
      end: async ({ child }, stage) => {
        child.stdout?.destroy();
        let saves = 0;
        await waitFor("the demo to end", async () => {
          saves += 1;
          if (existsSync(join(stage.demoFolder, "services.yaml"))) {
            await writeFile(join(stage.demoFolder, "services.yaml"), `no Service ${saves}\n`);
          }
          return child.exitCode !== null;
        });
      },
      code: 0,
    }),
  );

  it(
    "its guard killed: the demo ends in order and says so",
    endBy({
      end: async (demo, stage) => {
        const guard = (await stage.processes()).find(({ title }) => title.includes("hotroute-guard"));
        assert.ok(guard);
        process.kill(guard.pid, "SIGKILL");
        await demo.ended;
        assert.match(demo.err(), /guard of the programs was killed/);
      },
      code: 1,
    }),
  );

  it(
    "a program of the Pod killed: the demo says which, and ends the others",
    endBy({
      end: async (demo, stage) => {
        const generator = (await stage.processes()).find(({ title }) => title.includes(programFile("generator")));
        assert.ok(generator);
        process.kill(generator.pid, "SIGKILL");
        await demo.ended;
        assert.match(demo.err(), /^hotroute demo: the generator ended with SIGKILL$/m);
      },
      code: 1,
    }),
  );
});

/** An API server that accepts connections and never answers. */
const withSilentApi = async (stage: Stage, test: (kubeconfig: string) => Promise<void>): Promise<void> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const path = join(stage.folder, "silent.kubeconfig");
    await writeFile(path, kubeconfigFor({ url: `http://127.0.0.1:${address.port}`, token: null, caPem: null }));
    await test(path);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
};

describe("a stop while the demo starts", { skip: skipWithoutNginx, concurrency: 3 }, () => {
  for (const { args, code } of [
    { args: [], code: 0 },
    { args: ["--smoke"], code: 130 },
  ]) {
    it(`${args[0] ?? "the demo"} waits for a silent API server: SIGINT ends it at once with ${code}`, () =>
      onStage((stage) =>
        withSilentApi(stage, async (KUBECONFIG) => {
          const demo = stage.start({ args, environment: { KUBECONFIG } });
          await waitFor("init to run", async () =>
            (await stage.processes()).some(({ title }) => title.includes(programFile("init"))),
          );
          demo.child.kill("SIGINT");
          // Its own limits are 30 s and more: a deadline below them is what this test is about.
          await waitFor("the demo to end", () => demo.child.exitCode !== null, { deadlineMs: 15_000 });
          assert.equal(await demo.ended, code, demo.err());
          await stage.waitForNobody();
        }),
      ));
  }
});
