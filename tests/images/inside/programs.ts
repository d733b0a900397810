// What the programs in the images say and use. Started by ../images.test.ts in namespaces of its own.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { kubeApiServerAvailable, startKubeApiServer } from "../../support/kube-apiserver.ts";
import { grantServices, kubeconfigAs } from "../../support/namespaces.ts";
import { tryPodman } from "../../support/podman.ts";
import type { Ended } from "../../support/podman-store.ts";
import { waitFor } from "../../support/wait.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { get } from "./http.ts";

const images = { hotroute: process.env.HOTROUTE_IMAGE ?? "", nginx: process.env.HOTROUTE_NGINX_IMAGE ?? "" };

/** Runs a container as the manifest's security context has it; its root cannot be written. */
const runContainer = (image: string, options: readonly string[], ...command: readonly string[]): Promise<Ended> =>
  tryPodman(
    ...["run", "--rm", "--network", "host", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all"],
    ...["--security-opt", "no-new-privileges", ...options, image, ...command],
  );

/** The one line on standard error that a person needs. */
const line = ({ stderr }: Ended): string => {
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 1, stderr);
  return lines[0] ?? "";
};

describe("the programs in the images", () => {
  let cluster: Cluster;
  let folder: string;
  let kubeconfig: readonly string[];

  before(async () => {
    cluster = await startCluster();
    await cluster.createService("shop", "shop.example.com");
    folder = await mkdtemp(join(tmpdir(), "programs-"));
    await chmod(folder, 0o755);
    for (const name of ["config", "run", "tmp"]) {
      await mkdir(join(folder, name));
      await chmod(join(folder, name), 0o777);
    }
    await writeFile(join(folder, "kubeconfig"), cluster.server.server.kubeconfig(), { mode: 0o644 });
    kubeconfig = ["--volume", `${join(folder, "kubeconfig")}:/kubeconfig:ro`, "--env", "KUBECONFIG=/kubeconfig"];
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await cluster?.stop();
  });

  const volume = (name: string, path: string): readonly string[] => ["--volume", `${join(folder, name)}:${path}`];
  const node = ["--entrypoint", "node"];
  const config = "/etc/nginx/conf.d";

  it("each finds its compile cache, read-only as it is", async () => {
    const programs = [
      [images.hotroute, "/app/init.cjs"],
      [images.hotroute, "/app/generator.cjs"],
      [images.hotroute, "/app/hotroute.cjs"],
      [images.nginx, "/app/reloader.cjs"],
    ] as const;
    for (const [image, path] of programs) {
      const env = ["--env", "NODE_DEBUG_NATIVE=COMPILE_CACHE", "--env", "LOG_LEVEL=nothing"];
      const { stderr } = await runContainer(image, [...env, ...node], path, "--version");
      assert.match(stderr, new RegExp(`V8 code cache for CommonJS ${path} was accepted`), path);
      assert.match(stderr, new RegExp(`skip persisting CommonJS ${path}`), path);
    }
  });

  it("init starts, lists, writes and ends faster with it", async (t) => {
    const script = `
      const { spawnSync } = require("node:child_process");
      const least = (env) => Math.min(...Array.from({ length: 5 }, () => {
        const startMs = performance.now();
        const { status } = spawnSync("node", ["/app/init.cjs"], { env: { ...process.env, ...env } });
        if (status !== 0) throw new Error("init: " + status);
        return performance.now() - startMs;
      }));
      const [withCache, without] = [least({}), least({ NODE_COMPILE_CACHE: "" })];
      console.log(Math.round(withCache) + " ms with the compile cache, " + Math.round(without) + " ms without");`;
    const options = [...kubeconfig, ...volume("config", config), ...node];
    const { code, stdout, stderr } = await runContainer(images.hotroute, options, "--eval", script);
    assert.equal(code, 0, stderr);
    t.diagnostic(`init, start to exit, the least of 5: ${stdout.trim()}`);
  });

  it("the command runs from the image", async () => {
    const { code, stdout } = await runContainer(images.hotroute, [], "--version");
    assert.equal(code, 0);
    assert.match(stdout, /^(?:hotroute )?\d+\.\d+\.\d+\n$/);
    const services = join(import.meta.dirname, "../../../manifests/examples/services");
    const files = ["--volume", `${services}:/src:ro`, "--workdir", "/src"];
    const lint = await runContainer(images.hotroute, files, "lint", "services.yaml");
    assert.equal(lint.code, 0, lint.stdout + lint.stderr);
  });

  it("an unknown command, an unknown setting", async () => {
    const command = await runContainer(images.hotroute, [], "sevre");
    assert.equal(command.code, 2);
    assert.match(line(command), /sevre/);
    const setting = await runContainer(images.nginx, ["--env", "WORKERS=many"]);
    assert.equal(setting.code, 2);
    assert.match(line(setting), /WORKERS/);
  });

  it("a missing volume", async () => {
    const init = await runContainer(images.hotroute, [...kubeconfig, ...node], "/app/init.cjs");
    assert.equal(init.code, 1);
    assert.match(line(init), /^hotroute init: cannot write \/etc\/nginx\/conf\.d\/default\.conf: make CONFIG_DIR/);
    const generator = await runContainer(images.hotroute, [...kubeconfig, ...node], "/app/generator.cjs");
    assert.equal(generator.code, 1);
    assert.match(line(generator), /^hotroute generator: cannot use CONFIG_DIR=\/etc\/nginx\/conf\.d/);
    const run = await runContainer(images.nginx, [...volume("config", config), ...volume("tmp", "/tmp")]);
    assert.equal(run.code, 1);
    assert.match(line(run), /^hotroute reloader: cannot write in \/run\/hotroute/);
    const temporary = await runContainer(images.nginx, [
      ...volume("config", config),
      ...volume("run", "/run/hotroute"),
    ]);
    assert.equal(temporary.code, 1);
    assert.match(line(temporary), /^hotroute reloader: cannot use \/tmp\/.* for nginx's temporary files/);
  });

  it("a missing token", async () => {
    const init = await runContainer(images.hotroute, [...volume("config", config), ...node], "/app/init.cjs");
    assert.equal(init.code, 1);
    assert.match(line(init), /^hotroute init: no way to an API server: looked for .*\/token/);
  });

  it("a missing configuration volume of nginx: not ready, and it says why; no page of the base's is served", async () => {
    const options = ["--name", "bare", ...volume("run", "/run/hotroute"), ...volume("tmp", "/tmp")];
    const running = runContainer(images.nginx, options);
    try {
      const answer = await waitFor("a reason", async () => {
        const { status, body } = await get(9102, "/readyz");
        return status === 503 && body.includes("conf.d") && body;
      });
      assert.match(answer, /there is no \*\.conf file in \/etc\/nginx\/conf\.d/);
      await assert.rejects(get(8080, "/"), /ECONNREFUSED/);
    } finally {
      await tryPodman("stop", "--time", "20", "bare");
    }
    assert.equal((await running).code, 0);
  });

  const available = kubeApiServerAvailable();
  it("a missing permission", { skip: available === true ? false : available }, async () => {
    const server = await startKubeApiServer("roles");
    try {
      const path = join(folder, "nobody");
      await writeFile(path, kubeconfigAs(server, "nobody"), { mode: 0o644 });
      const as = [
        "--volume",
        `${path}:/kubeconfig:ro`,
        "--env",
        "KUBECONFIG=/kubeconfig",
        "--env",
        "INIT_TIMEOUT_MS=3000",
      ];
      const options = [...as, ...volume("config", config), ...node];
      const init = await runContainer(images.hotroute, options, "/app/init.cjs");
      assert.equal(init.code, 1);
      assert.match(line(init), /list services/);
      await grantServices(server, "default", "nobody");
      const granted = ["--env", "NAMESPACES=default", ...options];
      assert.equal((await runContainer(images.hotroute, granted, "/app/init.cjs")).code, 0);
    } finally {
      await server.stop();
    }
  });
});
