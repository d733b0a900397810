import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createAuthority } from "../../kube/certificates.ts";
import { type Backend, startBackend } from "../../support/backend.ts";
import { type EmbeddedApiServer, startEmbeddedApiServer } from "../../support/embedded-apiserver.ts";
import type { InCluster } from "../../support/podman-pod.ts";

/** An API server as a Pod sees it: TLS, a token, and an address of the loopback range for each Service. */
export interface Cluster {
  readonly api: InCluster;
  readonly server: EmbeddedApiServer;
  /** Creates a routed Service (for any host where none is given) and gives its ClusterIP, for the caller to listen on. */
  createService(name: string, host?: string): Promise<string>;
  /** A Service whose backend answers with its name. */
  expose(name: string, host?: string): Promise<Backend>;
  stop(): Promise<void>;
}

export const servicePort = 8000;

export const startCluster = async (): Promise<Cluster> => {
  await mkdir(tmpdir(), { recursive: true });
  const authority = await createAuthority("hotroute-test");
  const { key, cert } = await authority.issue("kube-apiserver", "IP:127.0.0.1");
  const token = "hotroute-test-token";
  const server = await startEmbeddedApiServer({ token, tls: { key, cert, ca: authority.ca } });
  const createService = async (name: string, host?: string): Promise<string> => {
    const annotations = host === undefined ? {} : { "hotroute.io/host": host };
    const body = {
      metadata: { name, labels: { "hotroute.io/expose": "true" }, annotations },
      spec: { ports: [{ name: "http", port: servicePort }] },
    };
    const answer = await server.request("POST", "/api/v1/namespaces/default/services", { body });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
    return (answer.json() as { readonly spec: { readonly clusterIP: string } }).spec.clusterIP; // a Service, by its status
  };
  const backends: Backend[] = [];
  return {
    api: { port: server.server.port, caPem: authority.ca, token },
    server,
    createService,
    expose: async (name, host) => {
      const backend = await startBackend(name, await createService(name, host), servicePort);
      backends.push(backend);
      return backend;
    },
    stop: async () => {
      await Promise.all(backends.map((backend) => backend.stop()));
      await server.stop();
      await authority.remove();
    },
  };
};
