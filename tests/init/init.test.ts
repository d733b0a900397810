import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkFooter } from "../../src/contract/footer.ts";
import { apiServerKinds, createService, exposed } from "../support/api-servers.ts";
import { freePort } from "../support/ports.ts";
import { startProgram } from "../support/program.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-init-"));
after(() => rm(scratch, { recursive: true, force: true }));
const newFolder = (): Promise<string> => mkdtemp(join(scratch, "case-"));

/** The way to the API server at another address, which a test may open late. */
const createRelay = (target: URL): Server =>
  createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    socket.pipe(onward).pipe(socket);
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
  });

for (const kind of apiServerKinds) {
  describe(`init with the ${kind.kind}`, { skip: kind.skip }, () => {
    let server: TestApiServer;
    before(async () => {
      server = await kind.start();
      await createService(server, { name: "shop", labels: exposed("shop.example.com") });
      await createService(server, { name: "not-exposed" });
    });
    after(() => server?.stop());

    it("lists, writes a whole file and exits 0", async () => {
      const folder = await newFolder();
      const program = startProgram("init", { KUBECONFIG: server.kubeconfigPath, CONFIG_DIR: folder });
      assert.equal(await program.ended, 0, program.stderr());
      const bytes = await readFile(join(folder, "default.conf"));
      assert.equal(checkFooter(bytes), "whole");
      assert.match(bytes.toString(), /server_name shop\.example\.com;/);
      assert.doesNotMatch(bytes.toString(), /not-exposed/);
      assert.deepEqual(await readdir(folder), [".services.jsonl", "default.conf"]);
    });

    it("waits for an API server that comes late", async () => {
      const folder = await newFolder();
      const kubeconfig = join(folder, "kubeconfig");
      const relay = createRelay(new URL(server.url));
      const port = await freePort();
      const url = new URL(server.url);
      url.port = String(port);
      const away = (await readFile(server.kubeconfigPath, "utf8")).replaceAll(server.url, url.origin);
      await writeFile(kubeconfig, away);
      const program = startProgram("init", { KUBECONFIG: kubeconfig, CONFIG_DIR: join(folder, "conf.d") });
      try {
        await program.waitForLog("could not list the Services, trying again");
        await assert.rejects(
          readFile(join(folder, "conf.d", "default.conf")),
          "nothing is written before there is a list",
        );
        await new Promise<void>((resolve) => relay.listen(port, "127.0.0.1", resolve));
        assert.equal(await program.ended, 0, program.stderr());
      } finally {
        await program.stop();
        relay.close();
      }
      assert.match(await readFile(join(folder, "conf.d", "default.conf"), "utf8"), /shop\.example\.com/);
    });

    it("names a selector that the API server refuses", async () => {
      const program = startProgram("init", {
        KUBECONFIG: server.kubeconfigPath,
        CONFIG_DIR: await newFolder(),
        SERVICE_SELECTOR: "a=b=c",
        INIT_TIMEOUT_MS: "1500",
      });
      assert.equal(await program.ended, 1);
      assert.match(
        program.stderr(),
        /^hotroute init: no complete list of Services within 1500 ms.*refused with status 400/,
      );
    });

    it("an unwritable directory is one line, and exit 1", async () => {
      const folder = await newFolder();
      await writeFile(join(folder, "file"), "");
      const program = startProgram("init", { KUBECONFIG: server.kubeconfigPath, CONFIG_DIR: join(folder, "file") });
      assert.equal(await program.ended, 1);
      assert.match(program.stderr(), /^hotroute init: cannot write .*default\.conf: make CONFIG_DIR a directory .*\n$/);
    });
  });
}

describe("init without an API server", () => {
  it("gives up after INIT_TIMEOUT_MS with the reason, exit 1, and leaves no file", async () => {
    const folder = await newFolder();
    const kubeconfig = join(folder, "kubeconfig");
    const port = await freePort();
    const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: "x", cluster }],
        users: [{ name: "x", user: {} }],
        contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
        "current-context": "x",
      }),
    );
    const conf = join(folder, "conf.d");
    const program = startProgram("init", { KUBECONFIG: kubeconfig, CONFIG_DIR: conf, INIT_TIMEOUT_MS: "300" });
    assert.equal(await program.ended, 1);
    assert.match(
      program.stderr(),
      /^hotroute init: no complete list of Services within 300 ms \(INIT_TIMEOUT_MS\): .*ECONNREFUSED.*\n$/,
    );
    await assert.rejects(readFile(join(conf, "default.conf")));
  });

  it("a missing kubeconfig is one line with its path, and exit 1", async () => {
    const program = startProgram("init", { KUBECONFIG: "/nowhere/kubeconfig", CONFIG_DIR: await newFolder() });
    assert.equal(await program.ended, 1);
    assert.match(program.stderr(), /^hotroute init: .*\/nowhere\/kubeconfig.*\n$/);
  });

  it("a malformed kubeconfig is one line with its path, and exit 1", async () => {
    const folder = await newFolder();
    const path = join(folder, "kubeconfig");
    await writeFile(path, "clusters: [");
    const program = startProgram("init", { KUBECONFIG: path, CONFIG_DIR: folder });
    assert.equal(await program.ended, 1);
    assert.match(program.stderr(), new RegExp(`^hotroute init: .*${path}.*\\n$`));
  });

  it("names all bad settings at once, and exits 2", async () => {
    const program = startProgram("init", { INIT_TIMEOUT_MS: "soon", HTTP_LISTEN: "eighty", KEY_PREFIX: "no slash" });
    assert.equal(await program.ended, 2);
    const line = program.stderr();
    assert.match(line, /^hotroute init: bad settings: .*\n$/);
    for (const name of ["INIT_TIMEOUT_MS", "HTTP_LISTEN", "KEY_PREFIX"])
      assert.match(line, new RegExp(`${name}=".*": expected`));
    assert.equal(line.trim().split("\n").length, 1);
  });
});
