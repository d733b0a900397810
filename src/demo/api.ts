import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ApiServer, startApiServer } from "../apiserver/server.ts";
import type { KubeClient } from "../kube/client.ts";
import { createKubeClient } from "../kube/https-client.ts";
import { loadKubeAccess } from "../kube/kube-config.ts";

/** The API server of the demo: the embedded one, or a cluster's. */
export interface DemoApi {
  readonly client: KubeClient;
  /** As in KUBECONFIG: absolute paths, separated by colons. */
  readonly kubeconfigPath: string;
  readonly isEmbedded: boolean;
  /** False when the preferred port was taken. */
  readonly isPreferredPort: boolean;
  /** Of the embedded one; 0 for a cluster's. */
  readonly port: number;
  readonly server: string;
  stop(): Promise<void>;
}

/**
 * Uses the API of a cluster.
 *
 * @param kubeconfig as in KUBECONFIG
 * @param searchPath PATH, for the plugins that a kubeconfig may name
 * @throws KubeConfigError
 */
export const useCluster = async (kubeconfig: string, searchPath: string): Promise<DemoApi> => {
  const access = await loadKubeAccess({ KUBECONFIG: kubeconfig, PATH: searchPath });
  const client = createKubeClient(access);
  return {
    client,
    kubeconfigPath: kubeconfig,
    isEmbedded: false,
    isPreferredPort: true,
    port: 0,
    server: access.server,
    stop: async () => client.close(),
  };
};

const start = (port: number): Promise<ApiServer> =>
  startApiServer({ host: "127.0.0.1", port, serviceClusterIpRange: "127.96.0.0/16" });

/** Starts the embedded API server on the preferred port or another, and writes a kubeconfig for it into the folder. */
export const startEmbedded = async (folder: string, preferredPort: number): Promise<DemoApi> => {
  const server = await start(preferredPort).catch(() => start(0));
  const kubeconfigPath = join(folder, "kubeconfig");
  await writeFile(kubeconfigPath, server.kubeconfig(), { mode: 0o600 });
  const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: kubeconfigPath }));
  return {
    client,
    kubeconfigPath,
    isEmbedded: true,
    isPreferredPort: preferredPort === 0 || server.port === preferredPort,
    port: server.port,
    server: server.url,
    stop: async () => {
      client.close();
      await server.stop();
    },
  };
};
