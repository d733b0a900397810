import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { apiServerKinds } from "../support/api-servers.ts";
import { createConfigMapVolume, replaceFile } from "../support/config-map-volume.ts";
import { createNamespace, exposeService } from "../support/namespaces.ts";
import { startProgram } from "../support/program.ts";
import type { TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";
import { serves, startGenerator as startRunningGenerator } from "./running-generator.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-generator-policy-"));
after(() => rm(scratch, { recursive: true, force: true }));

const onlyA = "team-a: [a.example.com]\n";
const onlyB = "team-b: [b.example.com]\n";
const both = onlyA + onlyB;

const startGenerator = async (t: TestContext, server: TestApiServer, policy: string, compareIntervalMs: number) => {
  const generator = await startRunningGenerator(t, {
    kubeconfig: await readFile(server.kubeconfigPath, "utf8"),
    environment: { COMPARE_INTERVAL_MS: String(compareIntervalMs), HOST_POLICY: policy },
  });
  const routed = async (): Promise<string> => {
    const text = await generator.text();
    return ["a", "b"].filter((name) => serves(text, `${name}.example.com`)).join("");
  };
  return {
    ...generator,
    waitForRouted: (names: string) =>
      waitFor(`just ${names || "nothing"} to be routed`, async () => (await routed()) === names),
    warnings: () => generator.lines("the host policy is bad, the last good one stands"),
    lastReloadSuccessful: () => generator.metric("hotroute_host_policy_last_reload_successful"),
    routed,
  };
};

// An interval that the deadlines of the tests do not reach: then it was the watch that told.
const neverMs = 3_600_000;

describe("generator with a host policy", () => {
  let server: TestApiServer;
  before(async () => {
    server = await (apiServerKinds[0]?.start() ?? assert.fail("no API server"));
    for (const name of ["a", "b"]) {
      await createNamespace(server, `team-${name}`);
      await exposeService(server, `team-${name}`, "web", `${name}.example.com`);
    }
  });
  after(() => server?.stop());

  it("follows the swaps of a ConfigMap's volume, and reports what it refuses", async (t) => {
    const volume = await createConfigMapVolume(scratch, "policy.yaml", onlyA);
    const generator = await startGenerator(t, server, volume.path, neverMs);
    await generator.waitForRouted("a");
    const { problem } = await generator.program.waitForLog("a Service has a problem");
    assert.match(String(problem), /^HostNotAllowed team-b\/web hotroute\.io\/host="b\.example\.com": /);
    for (const [text, names] of [
      [both, "ab"],
      [onlyB, "b"],
      ["{}", ""],
      ['"*": ["*"]', "ab"],
    ] as const) {
      await volume.update(text);
      await generator.waitForRouted(names);
    }
    assert.equal(await generator.lastReloadSuccessful(), 1);
    assert.equal(await generator.program.stop(), 0);
  });

  it("follows a file that is written in place, or renamed into place", async (t) => {
    const folder = await mkdtemp(join(scratch, "plain-"));
    const path = join(folder, "policy.yaml");
    await writeFile(path, onlyA);
    const generator = await startGenerator(t, server, path, neverMs);
    await generator.waitForRouted("a");
    await writeFile(path, both);
    await generator.waitForRouted("ab");
    await writeFile(join(folder, "next"), onlyB);
    await rename(join(folder, "next"), path);
    await generator.waitForRouted("b");
  });

  it("compares the content where the watch tells nothing", async (t) => {
    // What a link points at in another directory is watched by nobody.
    const hidden = await mkdtemp(join(scratch, "hidden-"));
    const folder = await mkdtemp(join(scratch, "linked-"));
    await mkdir(join(hidden, "one"));
    await mkdir(join(hidden, "two"));
    await writeFile(join(hidden, "one", "policy.yaml"), onlyA);
    await writeFile(join(hidden, "two", "policy.yaml"), both);
    await symlink("one", join(hidden, "current"));
    await symlink(join(hidden, "current", "policy.yaml"), join(folder, "policy.yaml"));
    const generator = await startGenerator(t, server, join(folder, "policy.yaml"), 200);
    await generator.waitForRouted("a");
    await symlink("two", join(hidden, "next"));
    await rename(join(hidden, "next"), join(hidden, "current"));
    await generator.waitForRouted("ab");
  });

  it("keeps the last good version of one that becomes bad or goes, warns once, and takes the mended one", async (t) => {
    const folder = await mkdtemp(join(scratch, "bad-"));
    const path = join(folder, "policy.yaml");
    await replaceFile(path, onlyA);
    const generator = await startGenerator(t, server, path, 100);
    await generator.waitForRouted("a");
    await replaceFile(path, `${both}team-c: c.example.com\n`);
    await waitFor("the metric", async () => (await generator.lastReloadSuccessful()) === 0);
    const { reason } = await generator.program.waitForLog("the host policy is bad, the last good one stands");
    assert.match(String(reason), /^line 3: expected a list of hosts for "team-c"/);
    // A new Service makes it render, by the last good version; comparisons go on meanwhile.
    await exposeService(server, "team-b", "other", "b.example.com");
    await waitFor("the new Service's problem", () =>
      generator.program.log().some(({ problem }) => String(problem).startsWith("HostNotAllowed team-b/other ")),
    );
    assert.equal(await generator.routed(), "a");
    assert.equal(generator.warnings().length, 1);
    await rm(path);
    await waitFor("the second warning", () => generator.warnings().length === 2);
    assert.match(String(generator.warnings()[1]?.reason), /cannot be read: ENOENT/);
    assert.equal(await generator.lastReloadSuccessful(), 0);
    await replaceFile(path, onlyA);
    await generator.program.waitForLog("the host policy is the last good one again");
    assert.equal(await generator.lastReloadSuccessful(), 1);
    await replaceFile(path, both);
    await generator.waitForRouted("ab");
    assert.equal(generator.warnings().length, 2);
    assert.equal(await generator.program.stop(), 0);
  });

  it("does not start with a bad one: exit 2, and the line", async () => {
    const path = join(scratch, "start.yaml");
    await writeFile(path, "team-a:\n  - a.example.com:80\n");
    const program = startProgram("generator", { HOST_POLICY: path, QUIET_MS: "x" });
    assert.equal(await program.ended, 2);
    assert.match(program.stderr(), /^hotroute generator: bad settings: .*HOST_POLICY=.*line 2: .*QUIET_MS=.*\n$/);
  });
});
