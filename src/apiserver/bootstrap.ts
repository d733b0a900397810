import type { Api } from "./api.ts";
import { updateOwnership } from "./apply/managed-fields.ts";
import { createObject } from "./create.ts";
import type { JsonObject } from "./json.ts";
import type { WriteOptions } from "./write-options.ts";

const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];
const MANAGER = "kube-apiserver";

const OPTIONS: WriteOptions = {
  dryRun: false,
  manager: MANAGER,
  fieldValidation: "Ignore",
  force: false,
  warn: () => {},
};

const kubernetesService = (port: number, clusterIP: string): JsonObject => ({
  metadata: { name: "kubernetes", labels: { component: "apiserver", provider: "kubernetes" } },
  spec: { clusterIP, ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: port }] },
});

/**
 * Creates what every cluster begins with: the system's namespaces and the Service of the API server itself, at the first
 * address of the range.
 */
export const bootstrap = (api: Api, port: number, clusterIp: string): void => {
  const create = (plural: string, namespace: string, name: string, body: JsonObject): void => {
    const resource = api.resources.find((one) => one.name.plural === plural);
    if (resource === undefined) return;
    const managed = updateOwnership(api, resource, "main", MANAGER);
    createObject(api, { resource, namespace, name }, body, managed, OPTIONS);
  };
  for (const name of NAMESPACES) create("namespaces", "", name, { metadata: { name }, spec: {}, status: {} });
  create("services", "default", "kubernetes", kubernetesService(port, clusterIp));
};
