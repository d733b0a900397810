import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startApiServer } from "../apiserver/server.ts";
import type { KubeClient } from "../kube/client.ts";
import { createKubeClient } from "../kube/https-client.ts";
import { loadKubeAccess } from "../kube/kube-config.ts";
import { choosePort } from "./port.ts";

/** The API server of the demo: the embedded one, or a cluster's. */
export interface DemoApi {
  readonly client: KubeClient;
  readonly kubeconfigPath: string;
  readonly isEmbedded: boolean;
  /** False when the preferred port was taken. */
  readonly isPreferredPort: boolean;
  readonly server: string;
  stop(): Promise<void>;
}

/** Uses the API of a cluster. */
export const useCluster = async (kubeconfig: string): Promise<DemoApi> => {
  const access = await loadKubeAccess({ KUBECONFIG: kubeconfig });
  const client = createKubeClient(access);
  return {
    client,
    kubeconfigPath: resolve(kubeconfig),
    isEmbedded: false,
    isPreferredPort: true,
    server: access.server,
    stop: async () => client.close(),
  };
};

/** Starts the embedded API server, and writes a kubeconfig for it into the folder. */
export const startEmbedded = async (folder: string, preferredPort: number): Promise<DemoApi> => {
  const { port, isPreferred } = await choosePort("127.0.0.1", preferredPort);
  const server = await startApiServer({ host: "127.0.0.1", port, serviceClusterIpRange: "127.96.0.0/16" });
  const kubeconfigPath = join(folder, "kubeconfig");
  await writeFile(kubeconfigPath, server.kubeconfig(), { mode: 0o600 });
  const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: kubeconfigPath }));
  return {
    client,
    kubeconfigPath,
    isEmbedded: true,
    isPreferredPort: isPreferred,
    server: server.url,
    stop: async () => {
      client.close();
      await server.stop();
    },
  };
};
