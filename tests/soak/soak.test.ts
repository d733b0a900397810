import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nginxGroup } from "../../src/reloader/processes.ts";
import { createRandom } from "../apiserver/random.ts";
import { createAuthority } from "../kube/certificates.ts";
import { startEmbeddedApiServer } from "../support/embedded-apiserver.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { type Pod, startPod } from "../support/hotroute-pod.ts";
import { startKubeApiServer } from "../support/kube-apiserver.ts";
import { type NginxUnderTest, nginxBinaries, skipWithoutNginx } from "../support/nginx-binaries.ts";
import { freePort } from "../support/ports.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { createFaults, type FaultParts } from "./faults.ts";
import { assertFlat, type Sample, takeSample, waitForProcesses } from "./sample.ts";
import { startTraffic } from "./traffic.ts";
import { createWorld, type World } from "./world.ts";

const seconds = Number(process.env.HOTROUTE_SOAK_SECONDS ?? 60);
const seed = Number(process.env.HOTROUTE_SOAK_SEED ?? Math.floor(Math.random() * 2 ** 32));
/** `kube-apiserver` for the real one. */
const kind = process.env.HOTROUTE_SOAK_SERVER ?? "embedded";

// By the seed, alone or among so many that hosts come to share servers (256) and part again all the time.
const crowd = seed % 2 === 0 ? 0 : 246;

const changeEveryMs = 100;
const faultEveryMs = 3000;
const checkpointEveryMs = Math.min(30_000, (seconds * 1000) / 4);
const workers = 2;
const convergeMs = 90_000;

/** The embedded API server as a cluster has it: TLS, so that corrupted bytes are seen as such, and a token. */
const startServer = async (): Promise<TestApiServer & { readonly compact?: () => Promise<void> }> => {
  if (kind === "kube-apiserver") return startKubeApiServer();
  const authority = await createAuthority("soak CA");
  const { key, cert } = await authority.issue("kubernetes", "IP:127.0.0.1");
  await authority.remove();
  return startEmbeddedApiServer({ token: "soak", tls: { key, cert, ca: authority.ca } });
};

const settings = {
  COMPARE_INTERVAL_MS: "1000",
  WATCH_IDLE_MS: "2000",
  MASS_DELETE_HOLD_MS: "2000",
  WORKERS: String(workers),
  WORKER_SHUTDOWN_TIMEOUT: "3s",
  KEEPALIVE_MIN_TIMEOUT: "1s",
};

/** Waits until nginx answers every host by what the API server holds. */
const converge = async (pod: Pod, world: World): Promise<void> => {
  const wanted = await world.wanted();
  let wrong: readonly string[] = [];
  try {
    await waitFor(
      "nginx to answer by what the API server holds",
      async () => {
        const answers = await Promise.all([...wanted.keys()].map((host) => pod.answer(host)));
        wrong = [...wanted].flatMap(([host, answer], index) =>
          answers[index] === answer ? [] : [`${host}: ${answers[index]} instead of ${answer}`],
        );
        return wrong.length === 0;
      },
      { deadlineMs: convergeMs, everyMs: 50 },
    );
  } catch (cause) {
    const logs = [pod.generator, pod.reloader].map((program) =>
      program
        .log()
        .slice(-8)
        .map((line) => JSON.stringify(line)),
    );
    const conf = await readFile(join(pod.configDir, "default.conf"), "utf8").catch(String);
    const said = [...wrong, JSON.stringify(await pod.readStatus()), ...logs.flat(), conf.slice(-3000)];
    throw new Error(said.join("\n"), { cause });
  }
};

/** Changes and faults until the time is over, with looks in between; gives what the programs held at the looks. */
const churn = async (t: TestContext, world: World, parts: Omit<FaultParts, "onMasterKilled">) => {
  const { pod, random, proxy } = parts;
  const formerMasters = new Set<number>();
  const nextFault = createFaults({ ...parts, onMasterKilled: (pid) => formerMasters.add(pid) });
  const traffic = startTraffic(() => pod.answer(world.anchor.host), world.anchor.answer);
  const history: string[] = [];
  const samples: { readonly atMs: number; readonly sample: Sample }[] = [];
  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  const note = (what: string): void => void history.push(`${(elapsedMs() / 1000).toFixed(1)} s: ${what}`);
  const durationMs = seconds * 1000;
  let changes = 0;
  let faults = 0;

  const breakThings = async (untilMs: number): Promise<void> => {
    while (elapsedMs() < untilMs) {
      const fault = nextFault();
      // In the second half no program is made anew: what it holds then is to stay what it was.
      if (fault.renews && elapsedMs() > durationMs / 2) continue;
      note(`FAULT ${fault.what}`);
      faults += 1;
      if (fault.costs === "requests") await traffic.excuse(fault.run);
      else await fault.run();
      await sleep(random.below(faultEveryMs));
    }
  };
  const changeThings = async (untilMs: number): Promise<void> => {
    while (elapsedMs() < untilMs) {
      note(await world.change());
      changes += 1;
      await sleep(Math.random() * 2 * changeEveryMs);
    }
  };
  try {
    while (elapsedMs() < durationMs) {
      const untilMs = Math.min(elapsedMs() + checkpointEveryMs, durationMs);
      await Promise.all([breakThings(untilMs), changeThings(untilMs)]);
      proxy.setMode({ kind: "pass" });
      const quietMs = elapsedMs();
      await converge(pod, world);
      note(`right again after ${Math.round(elapsedMs() - quietMs)} ms`);
      await waitForProcesses(pod, workers, formerMasters);
      assert.deepEqual([pod.generator.child.exitCode, pod.reloader.child.exitCode], [null, null]);
      samples.push({ atMs: elapsedMs(), sample: await takeSample(pod) });
    }
  } catch (cause) {
    await traffic.stop();
    throw new Error(`seed ${seed}, after ${history.slice(-40).join("\n")}\n${String(cause)}`, { cause });
  }
  const { requests, failures } = await traffic.stop();
  t.diagnostic(`${changes} changes, ${faults} faults, ${requests} requests beside, ${failures.length} of them failed`);
  for (const line of history.filter((line) => line.includes("right again"))) t.diagnostic(line);
  assert.deepEqual(failures, [], `seed ${seed}\n${history.join("\n")}`);
  return { samples, formerMasters };
};

const soak = async (t: TestContext, nginx: NginxUnderTest): Promise<void> => {
  t.diagnostic(
    `HOTROUTE_SOAK_SEED=${seed} HOTROUTE_SOAK_SECONDS=${seconds} HOTROUTE_SOAK_SERVER=${kind}, among ${crowd} others`,
  );
  const stops: (() => Promise<void>)[] = [];
  // The last first: a server waits for the connections that a proxy before it still holds.
  t.after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });
  const folder = await mkdtemp(join(tmpdir(), "hotroute-soak-"));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const server = await startServer();
  stops.push(server.stop);
  const proxy = await startFaultyProxy(server.url);
  stops.push(proxy.stop);
  const kubeconfigPath = join(folder, "kubeconfig");
  await writeFile(kubeconfigPath, kubeconfigFor({ ...server, url: proxy.url }));
  const world = await createWorld(server, createRandom(seed), await freePort(), crowd);
  stops.push(world.stop);
  const pod = await startPod(nginx, kubeconfigPath, settings);
  stops.push(pod.stop);
  await waitFor("nginx", async () => (await pod.answer(world.anchor.host)) === world.anchor.answer);

  // Another sequence than that of the changes: which of the two comes first is a matter of time.
  const random = createRandom(seed + 1);
  const { samples, formerMasters } = await churn(t, world, { pod, proxy, random, compact: server.compact ?? null });
  for (const { atMs, sample } of samples) t.diagnostic(`${Math.round(atMs / 1000)} s ${JSON.stringify(sample)}`);
  const [first, last] = [samples.find(({ atMs }) => atMs >= seconds * 500), samples.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  assertFlat(first.sample, last.sample);
  const master = await pod.masterPid();
  await pod.stop();
  for (const pid of [...formerMasters, master]) assert.deepEqual(await nginxGroup(pid), [], "no nginx is left");
};

describe("soak", { skip: skipWithoutNginx }, () => {
  it("random changes and faults: nginx ends up answering by what the API server holds, and nothing leaks", {
    timeout: seconds * 2000 + 400_000,
  }, async (t) => {
    const [nginx] = nginxBinaries;
    assert.ok(nginx);
    await soak(t, nginx);
  });
});
