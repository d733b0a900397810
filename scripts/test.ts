// Runs every test that can run here. What lacks its part is skipped by the tests themselves, and said aloud here.
import { spawnSync } from "node:child_process";
import { accessSync, constants, copyFileSync, globSync, mkdirSync, renameSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { skipWithoutKustomize } from "../tests/manifests/objects.ts";
import { skipWithoutDefinitions } from "../tests/manifests/schema.ts";
import { skipWithoutPodman } from "../tests/support/podman-store.ts";

const root = join(import.meta.dirname, "..");

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const onPath = (name: string): boolean =>
  `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter).some((folder) => isExecutable(join(folder, name)));
/** As NGINX_BIN is read: a path, or a name on PATH. */
const isProgram = (name = ""): boolean => (name.includes("/") ? isExecutable(name) : name !== "" && onPath(name));

const assets = process.env.KUBEBUILDER_ASSETS;
const parts: readonly (readonly [part: string, isThere: boolean, remedy: string])[] = [
  [
    "kube-apiserver and etcd",
    assets !== undefined && isExecutable(join(assets, "kube-apiserver")) && isExecutable(join(assets, "etcd")),
    "set KUBEBUILDER_ASSETS to the folder that `setup-envtest use` prints",
  ],
  ["kubectl", onPath("kubectl"), "install kubectl (Debian: apt-get install kubernetes-client)"],
  ["kustomize", skipWithoutKustomize === false, "install kubectl 1.21 or later"],
  ["Kubernetes' type definitions", skipWithoutDefinitions === false, "set HOTROUTE_OPENAPI to its swagger.json"],
  ["promtool", onPath("promtool"), "install it (Debian: apt-get install --no-install-recommends prometheus)"],
  [
    "nginx",
    onPath("nginx") || isProgram(process.env.NGINX_BIN),
    "install it (Debian: apt-get install nginx-light), or set NGINX_BIN",
  ],
  [
    "podman and base images",
    skipWithoutPodman === false,
    "run scripts/ensure-podman as root, which says what is missing",
  ],
  ["a second nginx", isProgram(process.env.NGINX_BIN), "set NGINX_BIN to one of another version than that on PATH"],
];
const missing = parts.filter(([, isThere]) => !isThere);
const sayMissing = (): void => {
  for (const [part, , remedy] of missing) console.log(`SKIPPED for want of ${part}: ${remedy}`);
};

/**
 * Bundles the programs as they are shipped, into a folder of the tests' own: of hundreds of starts each then takes half of
 * the processor time. Each file comes by a rename, for another run that starts programs from there.
 */
const bundlePrograms = (): string | null => {
  const folder = join(root, "node_modules/.cache/hotroute-test-bundles");
  const { status } = spawnSync(process.execPath, [join(root, "scripts/build.ts")], { stdio: "inherit" });
  if (status !== 0) return null;
  mkdirSync(folder, { recursive: true });
  for (const name of globSync("*.cjs", { cwd: join(root, "dist") })) {
    const temporary = join(folder, `.${name}.${process.pid}`);
    copyFileSync(join(root, "dist", name), temporary);
    renameSync(temporary, join(folder, name));
  }
  return folder;
};

/** Folders whose files take a minute or more, of which little is work: begun first, others run beside them. */
const longest = ["tests/soak/", "tests/images/", "tests/pipeline/", "tests/load/"];
const rank = (file: string): number => {
  const index = longest.findIndex((folder) => file.startsWith(folder));
  return index === -1 ? longest.length : index;
};

const patterns = process.argv.slice(2);
const files = globSync(patterns.length > 0 ? patterns : "tests/**/*.test.ts", { cwd: root })
  .sort()
  .sort((a, b) => rank(a) - rank(b));
sayMissing();
const bundles = files.length === 0 ? null : bundlePrograms();
if (files.length === 0) {
  console.error(`no test file is called ${patterns.join(" ")}`);
  process.exitCode = 1;
} else if (bundles === null) {
  console.error("the programs cannot be bundled");
  process.exitCode = 1;
} else {
  process.env.HOTROUTE_TEST_BUNDLES = bundles;
  process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules/.cache/hotroute-tests");
  // A hang is a failure, not a wait for the limit of whoever runs this.
  run({ files: files.map((file) => join(root, file)), cwd: root, concurrency: 3, timeout: 240_000 })
    .on("test:fail", () => {
      process.exitCode = 1;
    })
    .compose(new spec())
    .on("end", sayMissing)
    .pipe(process.stdout);
}
