import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readObjects } from "../manifests/objects.ts";
import type { Container, PodSpec } from "../manifests/pod-template.ts";
import { podman, tryPodman } from "./podman.ts";

/** A way to an API server, as the kubelet gives it to a Pod. */
export interface InCluster {
  readonly port: number;
  readonly caPem: string;
  readonly token: string;
}

export interface PodOptions {
  readonly name: string;
  readonly images: { readonly hotroute: string; readonly nginx: string };
  readonly api: InCluster;
  /** Added to the environment of every container. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A Pod that podman runs. */
export interface RunningPod {
  readonly name: string;
  /** The spec of the manifest, before it was fitted to podman. */
  readonly spec: PodSpec;
  /** The folder that stands for a volume. */
  volume(name: string): string;
  /** podman's name of a container. */
  container(name: string): string;
  logs(name: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Stops it as a kubelet does after preStop: SIGTERM, and SIGKILL after the grace period. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** The spec of manifests/pod.yaml. */
export const readPodSpec = (): PodSpec => {
  const pod = readObjects("pod.yaml").find(({ kind }) => kind === "Pod");
  if (pod === undefined) throw new Error("manifests/pod.yaml has no Pod");
  return pod.spec as PodSpec; // the schema test holds that it is one
};

/** A container as podman 4.3 takes it: on the host's network it refuses ports, and it runs no probe by itself. */
const fitContainer = (container: Container, options: PodOptions): Record<string, unknown> => {
  const { ports, startupProbe, readinessProbe, livenessProbe, lifecycle, ...rest } = container;
  const own = options.env ?? {};
  const env = {
    // As the kubelet gives it to every container.
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(options.api.port),
    ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? ""])),
    ...own,
  };
  return {
    ...rest,
    image: container.image.startsWith("hotroute-nginx:") ? options.images.nginx : options.images.hotroute,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  };
};

/** podman 4.3 would start an init container anew under Always, and has no memory volumes: folders of ours stand in. */
const fitPod = (spec: PodSpec, options: PodOptions, volume: (name: string) => string): Record<string, unknown> => ({
  apiVersion: "v1",
  kind: "Pod",
  // Else podman removes the init container once it has ended, and with it what it said.
  metadata: { name: options.name, annotations: { "io.podman.annotations.init.container.type": "always" } },
  spec: {
    ...spec,
    hostNetwork: true,
    restartPolicy: "OnFailure",
    initContainers: spec.initContainers.map((container) => fitContainer(container, options)),
    containers: spec.containers.map((container) => fitContainer(container, options)),
    volumes: spec.volumes.map(({ name }) => ({ name, hostPath: { path: volume(name), type: "Directory" } })),
  },
});

const parseLines = (text: string): readonly Readonly<Record<string, unknown>>[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>); // the programs log objects

/** Runs the Pod of manifests/pod.yaml; resolves when init has ended and the others have started. */
export const startPod = async (options: PodOptions): Promise<RunningPod> => {
  const spec = readPodSpec();
  const folder = await mkdtemp(join(tmpdir(), `${options.name}-`));
  await chmod(folder, 0o755);
  const volume = (name: string): string => join(folder, name);
  for (const { name } of spec.volumes) {
    await mkdir(volume(name));
    await chmod(volume(name), name === "token" ? 0o755 : 0o777);
  }
  const token = { token: options.api.token, "ca.crt": options.api.caPem, namespace: "hotroute" };
  for (const [name, text] of Object.entries(token)) await writeFile(join(volume("token"), name), text, { mode: 0o444 });
  const manifest = join(folder, "pod.json");
  await writeFile(manifest, JSON.stringify(fitPod(spec, options, volume)));
  const remove = async (): Promise<void> => {
    await tryPodman("pod", "rm", "--force", "--time", "1", options.name);
    await rm(folder, { recursive: true, force: true });
  };
  const container = (name: string): string => `${options.name}-${name}`;
  const logs = async (name: string): Promise<string> => {
    const { stdout, stderr } = await tryPodman("logs", container(name));
    return `${stdout}${stderr}`;
  };
  try {
    await podman("kube", "play", "--quiet", manifest);
  } catch (error) {
    const said = await logs("init");
    await remove();
    throw new Error(`${String(error)}\ninit said: ${said}`, { cause: error });
  }
  return {
    name: options.name,
    spec,
    volume,
    container,
    logs: async (name) => parseLines(await logs(name)),
    stop: async () => {
      await podman("pod", "stop", "--time", String(spec.terminationGracePeriodSeconds ?? 30), options.name);
    },
    remove,
  };
};
