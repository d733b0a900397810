import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { apiServerKindsByNight } from "../support/api-servers.ts";
import { skipWithoutNginx } from "../support/nginx-binaries.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { onStage, startAndWait } from "./fixture.ts";

/** All Services and Events of a cluster, with the revision that each was last written at. */
const contentOf = async (server: TestApiServer): Promise<readonly string[]> => {
  const lists = await Promise.all(
    ["/api/v1/services", "/api/v1/events", "/api/v1/namespaces"].map((path) => server.request("GET", path)),
  );
  return lists.flatMap((list) => {
    assert.equal(list.status, 200, list.body);
    const { items } = list.json() as {
      readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[];
    };
    return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`);
  });
};

for (const kind of apiServerKindsByNight) {
  const skip = kind.skip === false ? skipWithoutNginx : kind.skip;
  describe(`the demo on a cluster's API: ${kind.kind}`, { skip }, () => {
    it("smoke passes, is interrupted with 143, and the demo runs: nothing of them stays in the cluster", async () => {
      const server = await kind.start();
      try {
        await onStage(async (stage) => {
          const before = await contentOf(server);
          // As it comes from a shell that does not expand it; of several files those that are missing count for nothing.
          await writeFile(join(stage.folder, "cluster.config"), await readFile(server.kubeconfigPath));
          const environment = { KUBECONFIG: "~/missing.config:~/cluster.config" };
          const smoke = stage.start({ args: ["--smoke"], environment });
          assert.equal(await smoke.ended, 0, smoke.err());
          assert.match(smoke.out(), /^smoke: nginx answered by the change \d+ ms after/m);
          assert.deepEqual(await contentOf(server), before);

          const interrupted = stage.start({ args: ["--smoke"], environment });
          await waitFor("its Service to be created", async () => (await contentOf(server)).length > before.length);
          interrupted.child.kill("SIGTERM");
          assert.equal(await interrupted.ended, 143, interrupted.out() + interrupted.err());
          assert.deepEqual(await contentOf(server), before);

          const demo = await startAndWait(stage, { environment });
          demo.child.kill("SIGTERM");
          assert.equal(await demo.ended, 0, demo.err());
          assert.deepEqual(await contentOf(server), before);
          await stage.waitForNobody();
          assert.deepEqual(
            (await readdir(stage.folder)).filter((name) => name.startsWith("hotroute-smoke-")),
            [],
          );
        });
      } finally {
        await server.stop();
      }
    });
  });
}

describe("smoke that fails", () => {
  it("says the reason on one line, and keeps the logs that it names", () =>
    onStage(async (stage) => {
      const smoke = stage.start({ args: ["--smoke"], environment: { NGINX_BIN: "/bin/false" } });
      assert.equal(await smoke.ended, 1);
      const said = /^hotroute demo: the reloader ended with 1: \/bin\/false -V failed: [^\n]* \(logs: (.*)\)\n$/.exec(
        smoke.err(),
      );
      assert.ok(said, smoke.err());
      assert.match(await readFile(join(said[1] ?? "", "reloader.log"), "utf8"), /bin\/false -V failed/);
      await stage.waitForNobody();
    }));

  it("a kubeconfig that is missing is named, and leaves no folder", () =>
    onStage(async (stage) => {
      const smoke = stage.start({ args: ["--smoke"], environment: { KUBECONFIG: "~/none" } });
      assert.equal(await smoke.ended, 1);
      assert.match(smoke.err(), new RegExp(`^hotroute demo: KUBECONFIG: ${stage.folder}/none does not exist`));
      assert.deepEqual(await readdir(stage.folder), []);
    }));
});

describe("ports that are taken", { skip: skipWithoutNginx }, () => {
  it("each is named with the setting that chooses it, and the demo runs on another", () =>
    onStage(async (stage) => {
      const servers = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const server = createServer().listen(0, "127.0.0.1");
          await once(server, "listening");
          return server;
        }),
      );
      try {
        const ports = servers.map((server) => {
          const address = server.address();
          assert.ok(address !== null && typeof address === "object");
          return String(address.port);
        });
        const names = ["DEMO_HTTP_PORT", "DEMO_API_PORT", "DEMO_GENERATOR_PORT", "DEMO_RELOADER_PORT"];
        const demo = await startAndWait(stage, {
          environment: Object.fromEntries(names.map((name, index) => [name, ports[index] ?? ""])),
        });
        for (const [index, name] of names.entries()) {
          assert.match(demo.out(), new RegExp(`port ${ports[index]} is taken: .* on \\d+ \\(${name} chooses one\\)`));
        }
        demo.child.kill("SIGTERM");
        assert.equal(await demo.ended, 0);
      } finally {
        for (const server of servers) server.close();
      }
    }));
});
