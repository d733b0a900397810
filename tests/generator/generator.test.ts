import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkFooter } from "../../src/contract/footer.ts";
import type { ReloaderStatus } from "../../src/contract/status.ts";
import { apiServerKinds, createService, deleteService, exposed, patchService } from "../support/api-servers.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-generator-"));
after(() => rm(scratch, { recursive: true, force: true }));

interface Running {
  readonly program: RunningProgram;
  readonly conf: string;
  readonly run: string;
  text(): Promise<string>;
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** The value of a sample in /metrics, by its name with labels. */
  metric(sample: string): Promise<number>;
}

const startGenerator = async (
  kubeconfigPath: string,
  folder?: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> => {
  const home = folder ?? (await mkdtemp(join(scratch, "case-")));
  const conf = join(home, "conf.d");
  const run = join(home, "run");
  await mkdir(run, { recursive: true });
  const program = startProgram("generator", {
    KUBECONFIG: kubeconfigPath,
    CONFIG_DIR: conf,
    RUN_DIR: run,
    GENERATOR_LISTEN: "127.0.0.1:0",
    COMPARE_INTERVAL_MS: "200",
    ...environment,
  });
  const { port } = await program.waitForLog("watching Services");
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { status: answer.status, body: await answer.text() };
  };
  return {
    program,
    conf,
    run,
    get,
    text: () => readFile(join(conf, "default.conf"), "utf8"),
    metric: async (sample) => {
      const line = (await get("/metrics")).body.split("\n").find((text) => text.startsWith(`${sample} `));
      return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
    },
  };
};

const waitForText = (generator: Running, pattern: RegExp): Promise<string> =>
  waitFor(`default.conf to match ${pattern}`, async () => {
    const text = await generator.text();
    return pattern.test(text) ? text : null;
  });

/** What the reloader writes once nginx serves this text. */
const appliedStatus = (text: string): ReloaderStatus => {
  const hash = createHash("sha256").update(text).digest("hex");
  const times = { testedMs: 1, firstMs: 2, settledMs: 3, attempts: 1, since: new Date().toISOString() };
  const files = { "default.conf": hash };
  return {
    version: 1,
    files,
    wanted: hash,
    live: hash,
    liveFiles: files,
    state: "applied",
    refusedBy: null,
    message: "",
    at: null,
    ...times,
  };
};

for (const kind of apiServerKinds) {
  describe(`generator with the ${kind.kind}`, { skip: kind.skip }, () => {
    let server: TestApiServer;
    let generator: Running;
    before(async () => {
      server = await kind.start();
      await createService(server, { name: "first", labels: exposed("first.example.com") });
      generator = await startGenerator(server.kubeconfigPath);
    });
    after(async () => {
      await generator?.program.stop();
      await server?.stop();
    });

    it("follows creates, changes, the label's coming and going, and deletes", async () => {
      await waitForText(generator, /server_name first\.example\.com;/);
      await createService(server, { name: "second" });
      await patchService(server, "second", { metadata: { labels: exposed("second.example.com") } });
      await waitForText(generator, /server_name second\.example\.com;/);
      await patchService(server, "second", { metadata: { annotations: { "hotroute.io/host": "other.example.com" } } });
      assert.doesNotMatch(await waitForText(generator, /other\.example\.com;/), /second\.example\.com/);
      await patchService(server, "second", { metadata: { labels: { "hotroute.io/expose": null } } });
      await waitForText(generator, /^(?![\s\S]*other\.example\.com)/);
      await createService(server, { name: "third", labels: exposed("third.example.com") });
      await waitForText(generator, /third\.example\.com;/);
      await deleteService(server, "third");
      await waitForText(generator, /^(?![\s\S]*third\.example\.com)/);
      assert.equal(checkFooter(Buffer.from(await generator.text())), "whole");
      assert.deepEqual(await readdir(generator.conf), ["default.conf"]);
    });

    it("does not write bytes that are there already", async () => {
      const path = join(generator.conf, "default.conf");
      await waitForText(generator, /first\.example\.com;/);
      const before_ = await stat(path);
      const unchanged = await generator.metric('hotroute_renders_total{result="unchanged"}');
      await patchService(server, "first", { metadata: { annotations: { "example.com/note": `${Date.now()}` } } });
      await waitFor(
        "a rendering that changed nothing",
        async () => (await generator.metric('hotroute_renders_total{result="unchanged"}')) > unchanged,
      );
      assert.equal((await stat(path)).ino, before_.ino);
    });

    it("a restart finds its own bytes, and writes nothing", async () => {
      const own = await startGenerator(server.kubeconfigPath);
      await waitForText(own, /first\.example\.com;/);
      const before_ = await stat(join(own.conf, "default.conf"));
      assert.equal(await own.program.stop(), 0);
      const again = await startGenerator(server.kubeconfigPath, join(own.conf, ".."));
      await waitFor("readiness", async () => (await again.get("/readyz")).status === 200);
      assert.equal((await stat(join(again.conf, "default.conf"))).ino, before_.ino);
      assert.equal(await again.metric('hotroute_renders_total{result="written"}'), 0);
      assert.equal(await again.program.stop(), 0);
    });

    it("reports a problem once, counts it, and says when it is gone", async () => {
      const healthy = await waitForText(generator, /first\.example\.com;/);
      await createService(server, { name: "bad", labels: { "hotroute.io/expose": "true", "hotroute.io/port": "x_y" } });
      const { problem } = await generator.program.waitForLog("a Service has a problem");
      assert.match(String(problem), /^InvalidValue default\/bad hotroute\.io\/port="x_y": expected a port's number/);
      await waitFor(
        "the problem in metrics",
        async () => (await generator.metric('hotroute_route_problems{reason="InvalidValue"}')) === 1,
      );
      await deleteService(server, "bad");
      await generator.program.waitForLog("a problem is gone");
      await waitFor(
        "the problem gone from metrics",
        async () => (await generator.metric('hotroute_route_problems{reason="InvalidValue"}')) === 0,
      );
      const lines = generator.program.log().filter(({ msg }) => msg === "a Service has a problem");
      assert.equal(lines.length, 1);
      // A refused route is in the file too, and the metric is set before the file is written.
      await waitFor("the file without it", async () => (await generator.text()) === healthy);
    });

    it("puts back a file that somebody deleted or changed", async () => {
      const wanted = await waitForText(generator, /first\.example\.com;/);
      await rm(join(generator.conf, "default.conf"));
      await waitFor("the file to be back", async () => (await generator.text()) === wanted);
      await writeFile(join(generator.conf, "default.conf"), "# mine now\n");
      await waitFor("the file to be right again", async () => (await generator.text()) === wanted);
    });

    it("writes as soon as it can after a write that failed", async () => {
      const own = await startGenerator(server.kubeconfigPath);
      const path = join(own.conf, "default.conf");
      await waitForText(own, /first\.example\.com;/);
      await rm(path);
      await mkdir(path);
      await createService(server, { name: "late", labels: exposed("late.example.com") });
      const { reason } = await own.program.waitForLog("could not write the configuration");
      assert.match(String(reason), /EISDIR/);
      assert.ok((await own.metric('hotroute_renders_total{result="failed"}')) >= 1);
      // The next try may have one of its own at this moment.
      await waitFor("no temporary to be left", async () =>
        (await readdir(own.conf)).every((name) => !name.startsWith(".")),
      );
      await rmdir(path);
      await waitForText(own, /late\.example\.com;/);
      await deleteService(server, "late");
      assert.equal(await own.program.stop(), 0);
    });

    it("measures propagation from status.json", async () => {
      const own = await startGenerator(server.kubeconfigPath);
      await waitForText(own, /first\.example\.com;/);
      await createService(server, { name: "timed", labels: exposed("timed.example.com") });
      const text = await waitForText(own, /timed\.example\.com;/);
      await writeFile(join(own.run, "status.json"), JSON.stringify(appliedStatus(text)));
      const live = await own.program.waitForLog("live");
      assert.ok(Number(live.propagationMs) > 0);
      assert.ok((await own.metric("hotroute_propagation_seconds_count")) >= 1);
      await deleteService(server, "timed");
      assert.equal(await own.program.stop(), 0);
    });

    it("repairs what is no file in place of default.conf, or says why it cannot", async () => {
      const own = await startGenerator(server.kubeconfigPath);
      const text = await waitForText(own, /first\.example\.com;/);
      const path = join(own.conf, "default.conf");
      await rm(path);
      await mkdir(path);
      await own.program.waitForLog("could not write the configuration");
      await rmdir(path);
      await waitFor("the file to be back", async () => (await own.text()) === text);
      assert.equal(await own.program.stop(), 0);
    });

    it("is not held up by a status.json that is a pipe, a link or too large", async () => {
      const own = await startGenerator(server.kubeconfigPath);
      await waitForText(own, /first\.example\.com;/);
      const path = join(own.run, "status.json");
      const hostile: readonly (() => Promise<unknown>)[] = [
        async () => spawnSync("mkfifo", [path]),
        () => symlink("/dev/zero", path),
        () => writeFile(path, "x".repeat(1_000_000)),
        () => mkdir(path),
      ];
      for (const make of hostile) {
        await make();
        await rm(path, { recursive: true });
      }
      spawnSync("mkfifo", [path]);
      assert.equal(await own.program.stop(), 0, "a pipe that nobody feeds keeps nothing open");
    });

    it("finds a run directory that comes after it, and one that is made anew", async () => {
      const own = await startGenerator(server.kubeconfigPath);
      await waitForText(own, /first\.example\.com;/);
      for (const name of ["early", "anew"]) {
        await rm(own.run, { recursive: true });
        await createService(server, { name, labels: exposed(`${name}.example.com`) });
        const text = await waitForText(own, new RegExp(`${name}\\.example\\.com;`));
        await mkdir(own.run);
        await writeFile(join(own.run, "status.json"), JSON.stringify(appliedStatus(text)));
        await waitFor(`${name} to be live`, () =>
          own.program.log().some(({ msg, changed }) => msg === "live" && String(changed).includes(name)),
        );
        await deleteService(server, name);
      }
      assert.equal(await own.program.stop(), 0);
    });

    it("keeps the configuration and stays well while the API server is away", async () => {
      const other = await kind.start();
      await createService(other, { name: "kept", labels: exposed("kept.example.com") });
      const own = await startGenerator(other.kubeconfigPath);
      const text = await waitForText(own, /kept\.example\.com;/);
      await other.stop();
      await own.program.waitForLog("the API server did not answer as it should, the last configuration stands");
      assert.equal(await own.text(), text);
      assert.equal((await own.get("/healthz")).status, 200);
      assert.equal((await own.get("/readyz")).status, 200);
      assert.equal(await own.program.stop(), 0);
    });

    it("shows its metrics by the names that are documented", async () => {
      const { body } = await generator.get("/metrics");
      const names = ["services", "routes", "route_problems", "events_total", "lists_total", "watches_total"]
        .concat(["last_sync_timestamp_seconds", "renders_total", "render_duration_seconds", "config_bytes"])
        .concat(["propagation_seconds"]);
      for (const name of names) assert.match(body, new RegExp(`^# TYPE hotroute_${name} `, "m"));
      assert.equal(await generator.metric("hotroute_services"), 1);
      assert.ok((await generator.metric("hotroute_last_sync_timestamp_seconds")) > 1_700_000_000);
      assert.equal((await generator.get("/nothing")).status, 404);
    });
  });
}

describe("generator without an API server", () => {
  it("is alive and not ready, says why, and publishes nothing", async () => {
    const folder = await mkdtemp(join(scratch, "away-"));
    const kubeconfig = join(folder, "kubeconfig");
    const cluster = { server: "http://127.0.0.1:1", "insecure-skip-tls-verify": true };
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: "x", cluster }],
        contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
        users: [{ name: "x", user: {} }],
        "current-context": "x",
      }),
    );
    const generator = await startGenerator(kubeconfig, folder);
    await generator.program.waitForLog("the API server did not answer as it should, the last configuration stands");
    assert.equal((await generator.get("/healthz")).status, 200);
    const ready = await generator.get("/readyz");
    assert.equal(ready.status, 503);
    assert.equal(ready.body, "no complete list of Services was seen yet\n");
    await assert.rejects(generator.text());
    assert.equal(await generator.program.stop(), 0);
  });

  it("names all bad settings at once, and exits 2", async () => {
    const program = startProgram("generator", { GENERATOR_LISTEN: "x", QUIET_MS: "-1", LOG_LEVEL: "loud" });
    assert.equal(await program.ended, 2);
    for (const name of ["GENERATOR_LISTEN", "QUIET_MS", "LOG_LEVEL"]) assert.match(program.stderr(), new RegExp(name));
  });
});
