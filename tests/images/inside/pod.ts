// The Pod of manifests/pod.yaml, run by podman from the built images. Started by ../images.test.ts in namespaces of its own.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseStatus } from "../../../src/contract/status.ts";
import { inspectContainer, podman, tryPodman } from "../../support/podman.ts";
import { type RunningPod, startPod } from "../../support/podman-pod.ts";
import { waitFor } from "../../support/wait.ts";
import { type Cluster, servicePort, startCluster } from "./cluster.ts";
import { get, keepAsking } from "./http.ts";
import { memoryMiB, processesOf } from "./processes.ts";

const images = { hotroute: process.env.HOTROUTE_IMAGE ?? "", nginx: process.env.HOTROUTE_NGINX_IMAGE ?? "" };
const http = 8080;

describe("the Pod of manifests/pod.yaml", () => {
  let cluster: Cluster;
  let pod: RunningPod;
  let readyAfterMs = 0;

  before(async () => {
    cluster = await startCluster();
    await cluster.expose("shop", "shop.example.com");
    const startedMs = performance.now();
    pod = await startPod({ name: "hotroute", images, api: cluster.api });
    await waitFor("the Pod to be ready", async () => (await probe("nginx", "readinessProbe")).status === 200);
    readyAfterMs = Math.round(performance.now() - startedMs);
  });
  after(async () => {
    await pod?.remove();
    await cluster?.stop();
  });

  /** Asks what a probe of the manifest asks. */
  const probe = (container: string, kind: "startupProbe" | "readinessProbe" | "livenessProbe") => {
    const found = pod.spec.containers.find(({ name }) => name === container);
    const asked = found?.[kind]?.httpGet;
    const port = found?.ports?.find(({ name }) => name === asked?.port)?.containerPort;
    if (asked === undefined || port === undefined) throw new Error(`${container} has no ${kind}`);
    return get(port, asked.path);
  };
  /** Whether nginx is verified to serve the file as it is now, and by no older worker. */
  const isSettled = async (): Promise<boolean> => {
    const status = parseStatus(await readFile(join(pod.volume("run"), "status.json"), "utf8"));
    const file = await readFile(join(pod.volume("config"), "default.conf"));
    const digest = createHash("sha256").update(file).digest("hex");
    return status?.state === "applied" && status.wanted === status.live && status.files["default.conf"] === digest;
  };
  const shopAnswers = async (): Promise<boolean> => (await get(http, "/", "shop.example.com")).body === "shop";

  it("init ends first and well, then the others start; every probe of the manifest passes", async (t) => {
    const init = await inspectContainer(pod.container("init"));
    assert.equal(init.exitCode, 0);
    for (const name of ["generator", "nginx"]) {
      const { startedAt } = await inspectContainer(pod.container(name));
      assert.ok(Date.parse(startedAt) >= Date.parse(init.finishedAt), `${name} started before init ended`);
    }
    for (const { name, startupProbe, readinessProbe, livenessProbe } of pod.spec.containers) {
      for (const [kind, declared] of Object.entries({ startupProbe, readinessProbe, livenessProbe })) {
        if (declared === undefined) continue;
        const answer = await probe(name, kind as "startupProbe"); // one of the three keys above
        assert.equal(answer.status, 200, `${name} ${kind}: ${answer.body}`);
      }
    }
    assert.ok(await shopAnswers(), "the Service that was there at the start is routed");
    t.diagnostic(`ready ${readyAfterMs} ms after podman was asked`);
  });

  it("a Service labelled through the API is answered by nginx", async (t) => {
    const startedMs = performance.now();
    await cluster.expose("blog", "blog.example.com");
    await waitFor("blog to be routed", async () => (await get(http, "/", "blog.example.com")).body === "blog");
    t.diagnostic(`answered ${Math.round(performance.now() - startedMs)} ms after it was created`);
  });

  it("every process runs unprivileged, with no capability, no way to new privileges, and under seccomp", async () => {
    const users = { generator: "65532", nginx: "101" };
    for (const [name, uid] of Object.entries(users)) {
      const processes = await processesOf((await inspectContainer(pod.container(name))).pid);
      assert.ok(processes.length > 0);
      for (const process of processes) {
        const { name: program, pid: _, ...rights } = process;
        const wanted = { uid, capEff: "0".repeat(16), capBnd: "0".repeat(16), noNewPrivs: "1", seccomp: "2" };
        assert.deepEqual(rights, wanted, `${name}: ${program}`);
      }
    }
    const nginx = await processesOf((await inspectContainer(pod.container("nginx"))).pid);
    assert.equal(nginx[0]?.name, "tini", "tini is PID 1 of nginx");
  });

  it("no container can write its root, and nginx's has no token and cannot write the configuration", async () => {
    const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    const tryEach = (paths: readonly string[]): string => `JSON.stringify({
      writes: ${JSON.stringify(paths)}.map((path) => {
        try { fs.writeFileSync(path, "x"); return "written"; } catch (error) { return error.code; }
      }),
      hasToken: fs.existsSync("${token}"),
      programs: fs.readdirSync("/app").filter((name) => name.endsWith(".cjs")).sort(),
    })`;
    const look = async (container: string, ...paths: readonly string[]): Promise<unknown> =>
      JSON.parse(await podman("exec", pod.container(container), "node", "--print", tryEach(paths)));
    assert.deepEqual(
      await look("nginx", "/etc/nginx/conf.d/default.conf", "/app/x", "/x", "/usr/local/bin/x", "/etc/x"),
      {
        writes: ["EROFS", "EROFS", "EROFS", "EROFS", "EROFS"],
        hasToken: false,
        programs: ["handlebars.cjs", "reloader.cjs"],
      },
    );
    assert.deepEqual(await look("generator", "/run/hotroute/status.json", "/app/x", "/x"), {
      writes: ["EROFS", "EROFS", "EROFS"],
      hasToken: true,
      programs: ["client-node.cjs", "generator.cjs", "handlebars.cjs", "hotroute.cjs", "init.cjs"],
    });
  });

  it("a setuid program gives nginx's container nothing", async () => {
    const su = await tryPodman("exec", pod.container("nginx"), "su", "--command", "id -u");
    assert.notEqual(su.code, 0);
  });

  it("takes little memory", async (t) => {
    for (const name of ["generator", "nginx"]) {
      const used = await memoryMiB(await processesOf((await inspectContainer(pod.container(name))).pid));
      t.diagnostic(`${name}: ${used} MiB (shared pages by their share)`);
      assert.ok(used > 0 && used < 256);
    }
  });

  it("the generator killed: no request fails, and it follows again", async (t) => {
    const asking = keepAsking(http, "shop.example.com", "shop");
    const { pid } = await inspectContainer(pod.container("generator"));
    assert.ok(pid > 0);
    process.kill(pid, "SIGKILL");
    await waitFor("the generator to run again", async () => {
      const again = await inspectContainer(pod.container("generator"));
      return again.pid > 0 && again.pid !== pid;
    });
    await cluster.expose("news", "news.example.com");
    await waitFor("news to be routed", async () => (await get(http, "/", "news.example.com")).body === "news");
    await asking.stop();
    assert.deepEqual(asking.failures, []);
    t.diagnostic(`${asking.answered()} requests answered meanwhile`);
  });

  it("the nginx container killed while the file is bad: it is back from the last verified release", async (t) => {
    // Nobody mends the file meanwhile: the generator stands still.
    const generator = (await inspectContainer(pod.container("generator"))).pid;
    const { pid } = await inspectContainer(pod.container("nginx"));
    assert.ok(pid > 0 && generator > 0);
    process.kill(generator, "SIGSTOP");
    try {
      await writeFile(join(pod.volume("config"), "default.conf"), "this is no configuration;\n");
      const killedMs = performance.now();
      process.kill(pid, "SIGKILL");
      await waitFor("the container to run again", async () => {
        const again = await inspectContainer(pod.container("nginx"));
        return again.pid > 0 && again.pid !== pid;
      });
      await waitFor("shop to be answered again", shopAnswers);
      t.diagnostic(`traffic is back ${Math.round(performance.now() - killedMs)} ms after the kill`);
      const started = (await pod.logs("nginx")).filter(
        ({ msg }) => msg === "nginx started from the last verified release",
      );
      assert.ok(started.length > 0);
      const isRejected = async (): Promise<boolean> =>
        /^hotroute_reloads_total\{result="rejected"\} [1-9]/m.test((await get(9102, "/metrics")).body);
      await waitFor("the bad file to be refused", isRejected);
      assert.ok(await shopAnswers());
    } finally {
      process.kill(generator, "SIGCONT");
    }
    await cluster.expose("last", "last.example.com");
    await waitFor("last to be routed", async () => (await get(http, "/", "last.example.com")).body === "last");
  });

  it("stopped: the request in flight is finished, every container ends by itself within the grace period", async (t) => {
    const address = await cluster.createService("slow", "slow.example.com");
    let held: ServerResponse | null = null;
    const slow = createServer((request, response) => {
      if (request.url === "/held") held = response;
      else response.end("slow");
    });
    await new Promise<void>((resolve) => slow.listen(servicePort, address, resolve));
    try {
      await waitFor("slow to be routed", async () => (await get(http, "/", "slow.example.com")).body === "slow");
      // Until then a worker that is about to leave may still take a connection, and knows nothing of it.
      await waitFor("the reload to be settled", isSettled);
      const answer = get(http, "/held", "slow.example.com");
      const response = await waitFor<ServerResponse>("the request to reach its backend", () => held);
      const stoppedMs = performance.now();
      const stopping = pod.stop();
      await waitFor("nginx to take no more", isRefused);
      response.end("at last");
      assert.deepEqual(await answer, { status: 200, body: "at last" });
      await stopping;
      const tookMs = performance.now() - stoppedMs;
      assert.ok(tookMs < (pod.spec.terminationGracePeriodSeconds ?? 0) * 1000);
      t.diagnostic(`stopped in ${Math.round(tookMs)} ms`);
    } finally {
      slow.close();
      slow.closeAllConnections();
    }
    for (const name of ["generator", "nginx"]) {
      const { status, exitCode } = await inspectContainer(pod.container(name));
      assert.deepEqual({ name, status, exitCode }, { name, status: "exited", exitCode: 0 });
    }
  });

  const isRefused = (): Promise<boolean> =>
    get(http, "/", "shop.example.com").then(
      () => false,
      () => true,
    );
});
