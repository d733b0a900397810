import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiServer, type ApiServerOptions, startApiServer } from "../../src/apiserver/server.ts";
import { requestOnce, type TestApiServer } from "./test-apiserver.ts";

export type { TestApiServer } from "./test-apiserver.ts";

/** The embedded server in the shape of a test's API server, with what only it can do. */
export interface EmbeddedApiServer extends TestApiServer {
  readonly kind: "embedded";
  readonly server: ApiServer;
  /** Forgets the history: older watches and page tokens get 410 Gone. */
  compact(): Promise<void>;
}

/** Starts the embedded API server on a free loopback port; its Services get addresses on the loopback range. */
export const startEmbeddedApiServer = async (options: Partial<ApiServerOptions> = {}): Promise<EmbeddedApiServer> => {
  const server = await startApiServer({ serviceClusterIpRange: "127.96.0.0/16", ...options });
  const folder = await mkdtemp(join(tmpdir(), "hotroute-embedded-apiserver-"));
  const kubeconfigPath = join(folder, "kubeconfig");
  await writeFile(kubeconfigPath, server.kubeconfig(), { mode: 0o600 });
  const caPem = options.tls === undefined ? null : (options.tls.ca ?? options.tls.cert);
  const endpoint = { url: server.url, token: options.token ?? null, caPem };
  return {
    kind: "embedded",
    ...endpoint,
    kubeconfigPath,
    server,
    compact: async () => server.compact(),
    request: (method, path, request) => requestOnce(endpoint, method, path, request),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
