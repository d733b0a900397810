import { startEmbeddedApiServer } from "./embedded-apiserver.ts";
import { kubeApiServerAvailable, startKubeApiServer } from "./kube-apiserver.ts";
import type { KubeApiServerScope } from "./kube-apiserver-args.ts";
import type { TestApiServer } from "./test-apiserver.ts";

/** A kind of API server that a test may run against. */
export interface ApiServerKind {
  readonly kind: TestApiServer["kind"];
  /** Why it cannot be started here; false when it can. */
  readonly skip: string | false;
  /** @param scope of a real one; default `services` */
  start(scope?: KubeApiServerScope): Promise<TestApiServer>;
}

const realAvailable = kubeApiServerAvailable();

/** The embedded API server and the real one: what hotroute does must be the same on both. */
export const apiServerKinds: readonly ApiServerKind[] = [
  { kind: "embedded", skip: false, start: () => startEmbeddedApiServer() },
  { kind: "kube-apiserver", skip: realAvailable === true ? false : realAvailable, start: startKubeApiServer },
];

const isNight = process.env.HOTROUTE_API_SERVERS === "all";

/**
 * The same, but the real one by `make nightly` alone: for suites whose requests other suites make of both. That the
 * embedded server answers as the real one does is what the conformance and differential suites hold.
 */
export const apiServerKindsByNight: readonly ApiServerKind[] = apiServerKinds.map((kind) => ({
  ...kind,
  skip:
    kind.skip || (kind.kind === "embedded" || isNight ? false : "with HOTROUTE_API_SERVERS=all, as in make nightly"),
}));

let next = 0;

/** Creates a Service in `default`; what is not given is as `kubectl create service clusterip NAME --tcp=8000` has it. */
export const createService = async (
  server: TestApiServer,
  service: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly port?: number;
  } = {},
): Promise<{ readonly name: string; readonly clusterIP: string }> => {
  next += 1;
  const { name = `service-${next}`, labels = {}, annotations = {}, port = 8000 } = service;
  const answer = await server.request("POST", "/api/v1/namespaces/default/services", {
    body: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels, annotations },
      spec: { ports: [{ name: "http", port, protocol: "TCP" }] },
    },
  });
  if (answer.status !== 201) throw new Error(`creating Service ${name}: ${answer.status} ${answer.body}`);
  const { spec } = answer.json() as { readonly spec: { readonly clusterIP: string } };
  return { name, clusterIP: spec.clusterIP };
};

/** Merges a patch into a Service of `default`. */
export const patchService = async (server: TestApiServer, name: string, patch: object): Promise<void> => {
  const answer = await server.request("PATCH", `/api/v1/namespaces/default/services/${name}`, {
    body: patch,
    contentType: "application/merge-patch+json",
  });
  if (answer.status !== 200) throw new Error(`patching Service ${name}: ${answer.status} ${answer.body}`);
};

export const deleteService = async (server: TestApiServer, name: string): Promise<void> => {
  const answer = await server.request("DELETE", `/api/v1/namespaces/default/services/${name}`);
  if (answer.status !== 200) throw new Error(`deleting Service ${name}: ${answer.status} ${answer.body}`);
};

/** The two labels that route a Service. */
export const exposed = (host: string): Readonly<Record<string, string>> => ({
  "hotroute.io/expose": "true",
  "hotroute.io/host": host,
});
