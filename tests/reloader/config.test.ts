import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { readConfig } from "../../src/reloader/config.ts";
import { nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { startProgram } from "../support/program.ts";

describe("readConfig()", () => {
  it("has the documented defaults", () => {
    assert.deepEqual(readConfig({ PATH: "/usr/bin:/bin" }), {
      configDir: "/etc/nginx/conf.d",
      runDir: "/run/hotroute",
      tempRoot: "/tmp",
      listen: { host: null, port: 9102 },
      nginxBin: "nginx",
      searchPath: ["/usr/bin", "/bin"],
      quietMs: 50,
      maxWaitMs: 500,
      reloadBurst: 3,
      reloadIntervalMs: 1000,
      testTimeoutMs: 30_000,
      verifyTimeoutMs: 30_000,
      compareIntervalMs: 5_000,
      drainMemoryPercent: 80,
      drainWaitMs: 30_000,
      workers: null,
      workerShutdownTimeout: { text: "60s", ms: 60_000 },
      keepaliveMinTimeout: { text: "5s", ms: 5_000 },
      mainTemplateFile: null,
      allowEmpty: false,
      logLevel: "info",
    });
  });

  it("takes relative paths from the working directory", () => {
    const { configDir, runDir, mainTemplateFile } = readConfig({
      CONFIG_DIR: "./conf",
      RUN_DIR: "run",
      MAIN_TEMPLATE_FILE: "nginx.conf.hbs",
    });
    assert.deepEqual(
      [configDir, runDir, mainTemplateFile],
      ["conf", "run", "nginx.conf.hbs"].map((path) => resolve(path)),
    );
  });

  it("takes nginx's times", () => {
    const time = (raw: string) => readConfig({ WORKER_SHUTDOWN_TIMEOUT: raw }).workerShutdownTimeout;
    assert.deepEqual(time("500ms"), { text: "500ms", ms: 500 });
    assert.deepEqual(time("5m"), { text: "5m", ms: 300_000 });
    assert.deepEqual(time("90"), { text: "90s", ms: 90_000 });
  });

  const bad: readonly (readonly [string, string])[] = [
    ["CONFIG_DIR", "/etc/conf;d"],
    ["CONFIG_DIR", '/etc/"conf'],
    ["CONFIG_DIR", "/etc/conf\nd"],
    ["CONFIG_DIR", "/etc/$conf"],
    ["RUN_DIR", "/run/*"],
    ["RUN_DIR", "/run/a{b}"],
    ["RUN_DIR", `/run/${"x".repeat(100)}`],
    ["TMPDIR", "/tmp/#"],
    ["RELOADER_LISTEN", "nine"],
    ["QUIET_MS", "-1"],
    ["MAX_WAIT_MS", "1.5"],
    ["RELOAD_BURST", "0"],
    ["RELOAD_INTERVAL_MS", "1e3"],
    ["TEST_TIMEOUT_MS", "0"],
    ["VERIFY_TIMEOUT_MS", "10s"],
    ["COMPARE_INTERVAL_MS", "99"],
    ["DRAIN_MEMORY_PERCENT", "101"],
    ["DRAIN_WAIT_MS", "x"],
    ["WORKERS", "0"],
    ["WORKERS", "auto"],
    ["WORKER_SHUTDOWN_TIMEOUT", "60s; daemon on"],
    ["WORKER_SHUTDOWN_TIMEOUT", "0"],
    ["WORKER_SHUTDOWN_TIMEOUT", "25h"],
    ["KEEPALIVE_MIN_TIMEOUT", "5 s"],
    ["ALLOW_EMPTY", "yes"],
    ["LOG_LEVEL", "loud"],
  ];
  for (const [name, value] of bad) {
    it(`refuses ${name}=${JSON.stringify(value.slice(0, 30))}`, () => {
      assert.throws(() => readConfig({ [name]: value }), { name: "SettingsError", message: new RegExp(`${name}=`) });
    });
  }

  it("says how long the socket's path would be", () => {
    assert.throws(() => readConfig({ RUN_DIR: `/${"x".repeat(96)}` }), /nginx\.sock would be 108 bytes/);
    assert.equal(readConfig({ RUN_DIR: `/${"x".repeat(95)}` }).runDir.length, 96);
  });
});

describe("the program's start", () => {
  it("names every bad setting at once, on one line, and exits 2", async () => {
    const program = startProgram("reloader", { QUIET_MS: "x", WORKERS: "many", RUN_DIR: "/run/;" });
    assert.equal(await program.ended, 2);
    assert.match(program.stderr(), /^hotroute reloader: bad settings: RUN_DIR=.*; QUIET_MS=.*; WORKERS=.*\n$/);
  });

  it("names an nginx that is missing, and exits 1", async () => {
    const program = startProgram("reloader", { NGINX_BIN: "/nonexistent/nginx" });
    assert.equal(await program.ended, 1);
    assert.match(program.stderr(), /^hotroute reloader: \/nonexistent\/nginx is no program .*set NGINX_BIN.*\n$/);
  });

  it("names a PATH without nginx, and exits 1", async () => {
    const program = startProgram("reloader", { PATH: "/nonexistent" });
    assert.equal(await program.ended, 1);
    assert.match(program.stderr(), /^hotroute reloader: there is no nginx on PATH: install nginx.*\n$/);
  });

  it("names a program that is not nginx, and exits 1", async () => {
    const program = startProgram("reloader", { NGINX_BIN: "/bin/true" });
    assert.equal(await program.ended, 1);
    assert.match(program.stderr(), /^hotroute reloader: \/bin\/true is not nginx.*\n$/);
  });

  const fails = async (settings: Readonly<Record<string, string>>, pattern: RegExp): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-config-"));
    try {
      await writeFile(join(folder, "file"), "");
      const inFolder = Object.fromEntries(Object.entries(settings).map(([name, path]) => [name, join(folder, path)]));
      const nginx = nginxBinaries[0]?.path ?? "";
      const common = { NGINX_BIN: nginx, RUN_DIR: join(folder, "run"), TMPDIR: folder, RELOADER_LISTEN: "127.0.0.1:0" };
      const program = startProgram("reloader", { ...common, ...inFolder });
      assert.equal(await program.ended, 1);
      assert.match(program.stderr(), pattern);
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it("names a run folder that cannot be written, and exits 1", { skip: skipWithoutNginx }, () =>
    fails({ RUN_DIR: "file/run" }, /^hotroute reloader: cannot write in .*: give this user the right to.*RUN_DIR.*\n$/),
  );

  it("names a folder for temporary files that cannot be made, and exits 1", { skip: skipWithoutNginx }, () =>
    fails({ TMPDIR: "file/tmp" }, /^hotroute reloader: cannot use .* for nginx's temporary files.*TMPDIR.*\n$/),
  );

  it("names a port that is in use, and exits 1", { skip: skipWithoutNginx }, async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const folder = await mkdtemp(join(tmpdir(), "hotroute-config-"));
    try {
      const port = typeof address === "object" ? address?.port : null;
      const program = startProgram("reloader", {
        NGINX_BIN: nginxBinaries[0]?.path ?? "",
        RUN_DIR: folder,
        TMPDIR: folder,
        RELOADER_LISTEN: `127.0.0.1:${port}`,
      });
      assert.equal(await program.ended, 1);
      assert.match(program.stderr(), /^hotroute reloader: cannot listen on 127\.0\.0\.1:\d+: .*RELOADER_LISTEN/);
    } finally {
      other.close();
      await rm(folder, { recursive: true });
    }
  });
});
