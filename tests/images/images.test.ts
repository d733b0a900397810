import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import {
  podmanCache,
  podmanInStore,
  readBases,
  runCommand,
  skipWithoutPodman,
  storeEnvironment,
} from "../support/podman-store.ts";

const root = join(import.meta.dirname, "../..");
const prefix = `localhost/hotroute-test-${process.pid}/`;
const builderOptions = ["--quiet", "--pull-never", "--isolation", "chroot", "--network", "host"];
const secret = ["--secret", `id=npmrc,src=${join(podmanCache, "npmrc")}`];

/** Both images, by `make images`' own script, on the stand-ins. */
const build = (environment: Readonly<Record<string, string>> = {}) => {
  const { nodeImage, nginxImage } = readBases();
  const names = { PREFIX: prefix, NODE_IMAGE: nodeImage, NGINX_IMAGE: nginxImage };
  // So that a docker of this machine, which has no stand-ins, is not taken.
  const env = {
    ...storeEnvironment,
    BUILDER: "buildah",
    SOURCE_DATE_EPOCH: "0",
    REVISION: "test",
    ...names,
    ...environment,
  };
  const script = join(root, "scripts/build-images");
  return runCommand([script, ...builderOptions, ...secret], { env, cwd: root, deadlineMs: 200_000 });
};

/** Runs tests in namespaces of their own; what they have to say is said here. */
const runInside = async (t: TestContext, ...files: readonly string[]): Promise<void> => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const paths = files.map((file) => join(import.meta.dirname, "inside", file));
  const inside = [process.execPath, "--test", "--test-concurrency=1", "--test-reporter=spec", ...paths];
  const command = [join(import.meta.dirname, "in-namespaces.sh"), podmanCache, ...inside] as const;
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

describe("the images", { skip: skipWithoutPodman }, () => {
  before(async () => {
    const { code, stderr } = await build();
    assert.equal(code, 0, stderr);
    [hotroute, nginx] = ["hotroute", "hotroute-nginx"].map((name) =>
      podmanInStore("images", "--quiet", "--no-trunc", "--filter", `reference=${prefix}${name}`).trim(),
    ) as [string, string]; // two names, two images
  });
  after(() => {
    const names = podmanInStore("images", "--format", "{{.Repository}}:{{.Tag}}").split("\n");
    const own = names.filter((name) => name.startsWith(prefix));
    if (own.length > 0) podmanInStore("rmi", "--no-prune", ...own);
  });

  it("run as the Pod of manifests/pod.yaml", (t) => runInside(t, "pod.ts"));
});
