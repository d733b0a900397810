import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { podmanCache, readBases, runCommand, skipWithoutPodman } from "../support/podman-store.ts";
import { buildImages, builtImage, copyContext, removeImages, root } from "./build.ts";
import { inspectImage, listFiles, packedBytes, withFiles } from "./image-content.ts";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
/** Runs tests in namespaces of their own; what they have to say is said here. */
const runInside = async (t: TestContext, ...files: readonly string[]): Promise<void> => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const paths = files.map((file) => join(import.meta.dirname, "inside", file));
  const inside = [process.execPath, "--test", "--test-concurrency=1", "--test-reporter=spec", ...paths];
  // However this process ends, all of it ends too.
  const tied = ["setpriv", "--pdeathsig", "KILL"] as const;
  const command = [...tied, join(import.meta.dirname, "in-namespaces.sh"), podmanCache, ...inside] as const;
  const { code, stdout, stderr } = await runCommand(command, {
    env: { ...(env as Record<string, string>), HOTROUTE_IMAGE: hotroute, HOTROUTE_NGINX_IMAGE: nginx }, // no undefined in it
    cwd: root,
    deadlineMs: 200_000,
  });
  for (const line of stdout
    .split("\n")
    .filter((text) => /✔|ℹ (?!tests|suites|pass|fail|cancel|skip|todo)|﹣/.test(text))) {
    t.diagnostic(line);
  }
  assert.equal(code, 0, `${stdout}\n${stderr}`);
};

let [hotroute, nginx] = ["", ""];

/** Builds are what takes longest here. */
const skipFurtherBuilds =
  process.env.HOTROUTE_IMAGES === "all" ? false : "HOTROUTE_IMAGES=all builds more (make nightly)";

describe("the images", { skip: skipWithoutPodman }, () => {
  before(async () => {
    const { code, stderr } = await buildImages({ label: "first" });
    assert.equal(code, 0, stderr);
    [hotroute, nginx] = [builtImage("first", "hotroute"), builtImage("first", "hotroute-nginx")];
  });
  after(removeImages);

  it("come out the same, layer by layer, when their sources are built again", { skip: skipFurtherBuilds }, async () => {
    const context = await copyContext();
    try {
      const { code, stderr } = await buildImages({ label: "again", context: context.folder });
      assert.equal(code, 0, stderr);
    } finally {
      await context.remove();
    }
    assert.deepEqual(inspectImage(builtImage("again", "hotroute")).layers, inspectImage(hotroute).layers);
    assert.deepEqual(inspectImage(builtImage("again", "hotroute-nginx")).layers, inspectImage(nginx).layers);
  });

  it("are not built on a base without nginx, and the builder says why", { skip: skipFurtherBuilds }, async () => {
    const { code, stdout, stderr } = await buildImages({ label: "wrong", nginxImage: readBases().nodeImage });
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /^hotroute: NGINX_IMAGE has no nginx on its PATH$/m);
  });

  it("say how they run: as a numbered user, ended by SIGTERM, with tini where there are children", () => {
    const common = { stopSignal: "SIGTERM", command: [], version, revision: "test" };
    const found = [hotroute, nginx].map((image) => {
      const {
        User: user,
        Entrypoint: entrypoint,
        Cmd: command,
        StopSignal: stopSignal,
        Labels: labels,
      } = inspectImage(image).config;
      const [name, label] = ["title", "version"].map((key) => labels[`org.opencontainers.image.${key}`]);
      const revision = labels["org.opencontainers.image.revision"];
      return { name, user, entrypoint, stopSignal, command: command ?? [], version: label, revision };
    });
    assert.deepEqual(found, [
      { name: "hotroute", user: "65532:65532", entrypoint: ["node", "/app/hotroute.cjs"], ...common },
      { name: "hotroute-nginx", user: "101:101", entrypoint: ["tini", "--", "node", "/app/reloader.cjs"], ...common },
    ]);
  });

  it("hold nothing that is not needed", async () => {
    const excess = /\/(?:npm|npx|corepack|yarn|strip|gcc|cc|as|ld)$|\/node_modules\/|\.(?:map|ts)$/;
    const shell = /\/(?:sh|bash|dash|apt-get|dpkg|perl)$/;
    const ofHotroute = await withFiles(hotroute, listFiles);
    assert.deepEqual(
      ofHotroute.filter((path) => excess.test(path) || shell.test(path)),
      [],
    );
    assert.ok(ofHotroute.length < 60, ofHotroute.join("\n"));
    const bases = new Set(await withFiles(readBases().nginxImage, listFiles));
    const ofNginx = await withFiles(nginx, listFiles);
    const added = ofNginx.filter((path) => !bases.has(path));
    assert.deepEqual(
      added.filter((path) => excess.test(path) || !/^\/(?:app|usr\/local\/bin|usr\/share\/licenses)\//.test(path)),
      [],
    );
    assert.ok(!ofNginx.includes("/etc/nginx/conf.d/default.conf"), "the base's page is gone");
  });

  it("are small: what hotroute adds to nginx is under 75 MB as a registry keeps it, with Node", async (t) => {
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    const base = inspectImage(readBases().nginxImage).sizeBytes;
    // Layer by layer, as a registry packs them.
    const [node, programs] = await withFiles(nginx, (folder) =>
      Promise.all([["usr/local/bin/node"], ["app", "usr/local/bin/tini"]].map((paths) => packedBytes(folder, paths))),
    );
    const others = await withFiles(hotroute, (folder) => packedBytes(folder, ["--exclude=usr/local/bin/node", "."]));
    const [whole, added] = [(node ?? 0) + others, (node ?? 0) + (programs ?? 0)];
    const unpacked = inspectImage(nginx).sizeBytes - base;
    t.diagnostic(
      `hotroute: ${megabytes(inspectImage(hotroute).sizeBytes)} unpacked, at most ${megabytes(whole)} packed`,
    );
    t.diagnostic(
      `hotroute-nginx: ${megabytes(unpacked)} unpacked, at most ${megabytes(added)} packed, beside its base`,
    );
    assert.ok(added < 75e6 && whole < 75e6);
    assert.ok(unpacked < 120e6);
  });

  it("share the layer with Node", () => {
    const [first, second] = [hotroute, nginx].map((image) => inspectImage(image).layers);
    assert.equal(first?.filter((layer) => second?.includes(layer)).length, 1);
  });

  it("run as the Pod of manifests/pod.yaml", (t) => runInside(t, "pod.ts"));

  it("have programs that start fast and say what is missing", (t) => runInside(t, "programs.ts"));

  it("are rolled out without a failed request", (t) => runInside(t, "rolling.ts"));
});
