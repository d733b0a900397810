import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NginxUnderTest } from "./nginx-binaries.ts";
import { freePort } from "./ports.ts";

/** What the programs of one Pod find around them. */
export interface PodSurroundings {
  /** All their files; to be removed after them. */
  readonly folder: string;
  readonly configDir: string;
  readonly runDir: string;
  /** Where nginx takes requests. */
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** Makes the folders and the settings of a Pod. */
export const makePodSurroundings = async (
  nginx: NginxUnderTest,
  kubeconfigPath: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PodSurroundings> => {
  const folder = await mkdtemp(join(tmpdir(), "hotroute-pod-"));
  const port = await freePort();
  const configDir = join(folder, "conf.d");
  const runDir = join(folder, "run");
  // As the Pod mounts them: there before the programs are.
  await Promise.all([mkdir(configDir), mkdir(runDir)]);
  const environment = {
    KUBECONFIG: kubeconfigPath,
    CONFIG_DIR: configDir,
    RUN_DIR: runDir,
    TMPDIR: folder,
    HTTP_LISTEN: `127.0.0.1:${port}`,
    // The test reads the reloader's output through a socket pair, which nginx cannot open as /dev/stdout.
    ACCESS_LOG: "off",
    GENERATOR_LISTEN: "127.0.0.1:0",
    RELOADER_LISTEN: "127.0.0.1:0",
    NGINX_BIN: nginx.path,
    NGINX_VERSION: nginx.version,
    ...settings,
  };
  return { folder, configDir, runDir, port, environment };
};
