import { readFile, stat } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { type KubeAccess, KubeConfigError } from "./access.ts";
import { createDirectAccess } from "./direct-access.ts";

/** Where a Pod finds its token, CA and namespace; source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
export const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where the kubelet says that the API server is. */
export interface InClusterEnvironment {
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** True where a service account token is mounted. */
export const hasServiceAccount = (folder: string): Promise<boolean> => exists(join(folder, "token"));

/**
 * Access with the Pod's service account. The token is read for each request, so that its rotation is followed at once.
 *
 * @throws KubeConfigError when the environment names no API server, or `ca.crt` is missing
 */
export const loadInClusterAccess = async (env: InClusterEnvironment, folder: string): Promise<KubeAccess> => {
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  const port = env.KUBERNETES_SERVICE_PORT ?? "";
  if (host === "" || !/^\d{1,5}$/.test(port)) {
    throw new KubeConfigError(
      `in-cluster: ${folder}/token exists, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not say where the API server is; set them, or KUBECONFIG`,
    );
  }
  const caPath = join(folder, "ca.crt");
  if (!(await exists(caPath))) {
    throw new KubeConfigError(`in-cluster: ${caPath} is missing; mount the service account's CA beside its token`);
  }
  const namespace = await readFile(join(folder, "namespace"), "utf8").then(
    (text) => text.trim() || null,
    () => null,
  );
  return createDirectAccess({
    source: "in-cluster",
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace,
    ca: { kind: "file", path: caPath },
    cert: null,
    key: null,
    serverName: null,
    verify: "certificate",
    token: { kind: "file", path: join(folder, "token") },
    basic: null,
    headers: {},
  });
};
