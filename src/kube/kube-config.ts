import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type KubeAccess, KubeConfigError } from "./access.ts";
import {
  hasServiceAccount,
  type InClusterEnvironment,
  loadInClusterAccess,
  SERVICE_ACCOUNT_DIR,
} from "./in-cluster.ts";
import { type Kubeconfig, mergeKubeconfigs, parseKubeconfig, selectContext } from "./kubeconfig.ts";
import { accessFromContext } from "./kubeconfig-access.ts";

/** The variables that say where the API server is; `process.env` fits. */
export interface KubeEnvironment extends InClusterEnvironment {
  /** Colon list of files. */
  readonly KUBECONFIG?: string | undefined;
  readonly HOME?: string | undefined;
  /** Where exec plugins are looked for. */
  readonly PATH?: string | undefined;
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const readKubeconfig = async (path: string): Promise<Kubeconfig | null> => {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    const said = error instanceof Error ? error.message : String(error);
    throw new KubeConfigError(`kubeconfig ${path}: cannot be read: ${said}; correct its permissions or KUBECONFIG`, {
      cause: error,
    });
  }
  return parseKubeconfig(text, path);
};

const accessFromFiles = async (paths: readonly string[], env: KubeEnvironment): Promise<KubeAccess | null> => {
  const configs = await Promise.all(paths.map(readKubeconfig));
  const found = configs.filter((config) => config !== null);
  return found.length === 0 ? null : await accessFromContext(selectContext(mergeKubeconfigs(found)), env.PATH ?? "");
};

/**
 * Finds the way to the API server: the files of `KUBECONFIG`, else the Pod's service account, else `~/.kube/config`.
 * Of several files those that do not exist are passed over, as kubectl does. No connection is made yet.
 *
 * @param serviceAccountDir where the token is mounted; default `SERVICE_ACCOUNT_DIR`
 * @throws KubeConfigError
 */
export const loadKubeAccess = async (
  env: KubeEnvironment,
  serviceAccountDir: string = SERVICE_ACCOUNT_DIR,
): Promise<KubeAccess> => {
  const named = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  if (named.length > 0) {
    const access = await accessFromFiles(named, env);
    if (access !== null) return access;
    throw new KubeConfigError(`KUBECONFIG: ${named.join(delimiter)} does not exist; correct KUBECONFIG or unset it`);
  }
  if (await hasServiceAccount(serviceAccountDir)) return await loadInClusterAccess(env, serviceAccountDir);
  const home = env.HOME ?? "";
  const access = home === "" ? null : await accessFromFiles([join(home, ".kube", "config")], env);
  if (access !== null) return access;
  const looked = home === "" ? "" : ` and ${join(home, ".kube", "config")}`;
  throw new KubeConfigError(
    `no way to an API server: looked for ${serviceAccountDir}/token${looked}; set KUBECONFIG, or run in a Pod with a service account`,
  );
};
