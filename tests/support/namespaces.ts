import type { TestApiServer } from "./test-apiserver.ts";

const must = async (server: TestApiServer, method: string, path: string, body: unknown): Promise<void> => {
  const answer = await server.request(method, path, { body });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
};

/** Creates a namespace that is not there yet. */
export const createNamespace = (server: TestApiServer, name: string): Promise<void> =>
  must(server, "POST", "/api/v1/namespaces", { metadata: { name } });

/** Creates a Service that claims a host by annotation. */
export const exposeService = (server: TestApiServer, namespace: string, name: string, host: string): Promise<void> =>
  must(server, "POST", `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name, labels: { "hotroute.io/expose": "true" }, annotations: { "hotroute.io/host": host } },
    spec: { ports: [{ name: "http", port: 80, protocol: "TCP" }] },
  });

/** A kubeconfig's text for a user whose rights are those that RBAC gives: the API server itself refuses the rest. */
export const kubeconfigAs = (server: TestApiServer, user: string): string =>
  JSON.stringify({
    clusters: [{ name: "c", cluster: { server: server.url, "certificate-authority-data": btoa(server.caPem ?? "") } }],
    users: [{ name: "u", user: { token: server.token, as: user } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });

/** Gives a user `list` and `watch` on the Services of one namespace, as the documented Role does. */
export const grantServices = async (server: TestApiServer, namespace: string, user: string): Promise<void> => {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const rules = [{ apiGroups: [""], resources: ["services"], verbs: ["list", "watch"] }];
  await must(server, "POST", `${rbac}/roles`, { metadata: { name: user }, rules });
  await must(server, "POST", `${rbac}/rolebindings`, {
    metadata: { name: user },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: user },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
  });
};

/** Takes it away again. */
export const revokeServices = async (server: TestApiServer, namespace: string, user: string): Promise<void> => {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/${user}`;
  await must(server, "DELETE", path, undefined);
};
