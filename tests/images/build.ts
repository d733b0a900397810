import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Ended,
  podmanCache,
  podmanInStore,
  readBases,
  runCommand,
  storeEnvironment,
} from "../support/podman-store.ts";

export const root = join(import.meta.dirname, "../..");

/** What the names of this run's images begin with: another run may build others. */
const ownPrefix = `localhost/hotroute-test-${process.pid}`;

export interface BuildOptions {
  /** Sets this build apart from others of this run. */
  readonly label: string;
  /** The tree; default this one. */
  readonly context?: string;
  readonly nginxImage?: string;
}

/** The id of an image of a build. */
export const builtImage = (label: string, name: "hotroute" | "hotroute-nginx"): string => {
  const reference = `reference=${ownPrefix}-${label}/${name}`;
  const id = podmanInStore("images", "--quiet", "--no-trunc", "--filter", reference).trim();
  if (id === "") throw new Error(`${name} was not built`);
  return id;
};

/** Builds both images by the script of `make images`, on the stand-ins. */
export const buildImages = ({ label, context = root, nginxImage }: BuildOptions): Promise<Ended> => {
  const bases = readBases();
  const env = {
    ...storeEnvironment,
    // A docker of this machine has no stand-ins.
    BUILDER: "buildah",
    PREFIX: `${ownPrefix}-${label}/`,
    NODE_IMAGE: bases.nodeImage,
    NGINX_IMAGE: nginxImage ?? bases.nginxImage,
    SOURCE_DATE_EPOCH: "0",
    REVISION: "test",
  };
  const options = ["--quiet", "--force-rm", "--pull-never", "--isolation", "chroot", "--network", "host"];
  const secret = ["--secret", `id=npmrc,src=${join(podmanCache, "npmrc")}`];
  const command = [join(context, "scripts/build-images"), ...options, ...secret] as const;
  return runCommand(command, { env, cwd: context, deadlineMs: 200_000 });
};

/** A copy of the tree that builders see as changed, while every program in it is the same. */
export const copyContext = async (): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> => {
  const folder = await mkdtemp(join(podmanCache, "tmp", "run-"));
  for (const name of ["src", "scripts", "images", "package.json", "package-lock.json", "LICENSE", ".dockerignore"]) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, "src/unused.ts"), "export const unused = true;\n");
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
};

export const removeImages = (): void => {
  const names = podmanInStore("images", "--format", "{{.Repository}}:{{.Tag}}").split("\n");
  const own = names.filter((name) => name.startsWith(`${ownPrefix}-`));
  if (own.length > 0) podmanInStore("rmi", "--no-prune", ...own);
};
