import { podmanInStore, runCommand } from "../support/podman-store.ts";

/** What an image says of itself, the parts that the tests look at. Source: OCI image-spec, config.md */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly StopSignal: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Image {
  readonly config: ImageConfig;
  /** Digests of the layers' content, the base's first. */
  readonly layers: readonly string[];
  /** Of all layers, unpacked. */
  readonly sizeBytes: number;
}

interface Inspected {
  readonly Config: ImageConfig;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Size: number;
}

export const inspectImage = (name: string): Image => {
  const [found] = JSON.parse(podmanInStore("image", "inspect", name)) as Inspected[]; // podman-image-inspect(1)
  if (found === undefined) throw new Error(`no image ${name}`);
  return { config: found.Config, layers: found.RootFS.Layers, sizeBytes: found.Size };
};

/** Lets something look at an image's files. */
export const withFiles = async <T>(name: string, look: (folder: string) => Promise<T>): Promise<T> => {
  const folder = podmanInStore("image", "mount", name).trim();
  try {
    return await look(folder);
  } finally {
    podmanInStore("image", "unmount", name);
  }
};

/** The paths of all files, from `/`. */
export const listFiles = async (folder: string): Promise<readonly string[]> => {
  const { stdout } = await runCommand(["find", folder, "-xdev", "-not", "-type", "d"]);
  return stdout
    .split("\n")
    .filter((path) => path !== "")
    .map((path) => path.slice(folder.length));
};

/** How large these files are as a layer in a registry, at most: packed by gzip at its fastest, which packs least. */
export const packedBytes = async (folder: string, paths: readonly string[]): Promise<number> => {
  const script = 'set -o pipefail; tar --create --directory "$0" "$@" | gzip -1 | wc --bytes';
  const { code, stdout, stderr } = await runCommand(["bash", "-c", script, folder, ...paths]);
  if (code !== 0) throw new Error(stderr);
  return Number(stdout);
};
