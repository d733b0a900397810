import type { Agent } from "node:http";
import type { RequestOptions } from "node:https";
import type { KubeAccess, KubeCredentials } from "./access.ts";
import { createAgentSource } from "./agent.ts";
import { type JsonObject, jsonText } from "./json.ts";

/** Access that needs client-node: an exec plugin, an auth provider (OIDC and the clouds'), or a proxy. */
export interface PluginAccessOptions {
  readonly source: string;
  readonly server: string;
  readonly namespace: string | null;
  /** The `cluster` and `user` of the kubeconfig, their file names absolute. */
  readonly cluster: JsonObject;
  readonly user: JsonObject;
}

// client-node does not know kubeconfig's `tokenFile`, but has an auth provider that reads one.
const withTokenFile = (user: JsonObject): JsonObject => {
  const tokenFile = jsonText(user.tokenFile);
  if (tokenFile === "") return user;
  return { ...user, token: undefined, "auth-provider": { name: "tokenFile", config: { tokenFile } } };
};

// Loaded only here and only when needed: client-node brings 20 MB of private memory (docs/adr/0001-own-reflector.md).
const loadKubeConfig = async (options: PluginAccessOptions) => {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  // On plain http there is no certificate to verify, yet client-node refuses to go on unless told not to.
  const skip = options.server.startsWith("http:") ? { "insecure-skip-tls-verify": true } : {};
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: "selected", cluster: { ...options.cluster, ...skip } }],
      users: [{ name: "selected", user: withTokenFile(options.user) }],
      contexts: [{ name: "selected", context: { cluster: "selected", user: "selected" } }],
      "current-context": "selected",
    }),
  );
  return config;
};

type LoadedConfig = Awaited<ReturnType<typeof loadKubeConfig>>;

const headersOf = (options: RequestOptions): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token that was read from a file may bring the file's last newline along.
    if (typeof value === "string") headers[name.toLowerCase()] = value.trim();
    if (Array.isArray(value)) headers[name.toLowerCase()] = value;
  }
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return headers;
};

const pemOf = (value: RequestOptions["ca" | "cert" | "key"]): Buffer | string | null =>
  typeof value === "string" || Buffer.isBuffer(value) ? value : null;

/** Access through client-node's KubeConfig, whose own agent is used only where there is a proxy: it keeps nothing alive. */
export const createPluginAccess = (options: PluginAccessOptions): KubeAccess => {
  const agents = createAgentSource(options.server);
  const behindProxy = jsonText(options.cluster["proxy-url"]) !== "";
  let loading: Promise<LoadedConfig> | null = null;
  let proxyAgent: Agent | null = null;
  const agentFrom = (applied: RequestOptions): Agent => {
    if (behindProxy && typeof applied.agent === "object") {
      proxyAgent = applied.agent;
      return proxyAgent;
    }
    return agents.agentFor({
      ca: pemOf(applied.ca),
      cert: pemOf(applied.cert),
      key: pemOf(applied.key),
      serverName: applied.servername ?? null,
      verify: applied.rejectUnauthorized === false ? "nothing" : "certificate",
    });
  };
  return {
    source: options.source,
    server: options.server,
    namespace: options.namespace,
    credentials: async (): Promise<KubeCredentials> => {
      loading ??= loadKubeConfig(options);
      const applied: RequestOptions = {};
      try {
        await (await loading).applyToHTTPSOptions(applied);
      } catch (error) {
        loading = null;
        throw error;
      }
      return { agent: agentFrom(applied), headers: headersOf(applied) };
    },
    // A new KubeConfig has empty caches: the exec plugin runs again.
    renew: async () => {
      loading = null;
    },
    close: () => {
      agents.close();
      proxyAgent?.destroy();
    },
  };
};
