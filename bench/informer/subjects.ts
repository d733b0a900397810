import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";
import { createReflector } from "../../src/kube/reflector.ts";
import { SERVICES } from "../../src/kube/resource.ts";
import { readService } from "../../src/routes/service.ts";

/** A client that keeps a copy of all Services, as the comparison sees it. */
export interface Subject {
  readonly name: string;
  /** What became of the start: for makeInformer its own promise, for the reflector its first list. */
  start(): Promise<string>;
  size(): number;
  /** One more list of everything, for counting connections. */
  list(): Promise<void>;
  stop(): Promise<void>;
}

const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "resolved",
    (error) => `rejected: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
  );

const createInformerSubject = (kubeconfigPath: string): Subject => {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const api = config.makeApiClient(CoreV1Api);
  const list = () => api.listServiceForAllNamespaces();
  const informer = makeInformer(config, "/api/v1/services", list);
  // Without a listener an error is lost; with one it is reported, and the informer is over all the same.
  informer.on("error", () => {});
  return {
    name: "makeInformer",
    start: () => outcome(informer.start()),
    size: () => informer.list().length,
    list: async () => {
      await list();
    },
    stop: () => informer.stop(),
  };
};

const createReflectorSubject = async (kubeconfigPath: string): Promise<Subject> => {
  const client = createKubeClient(await loadKubeAccess({ KUBECONFIG: kubeconfigPath }));
  const reflector = createReflector({
    client,
    resource: SERVICES,
    namespace: null,
    slim: (object) => readService(object, "hotroute.io/"),
  });
  return {
    name: "reflector",
    start: async () => {
      void reflector.run();
      return "tries until it has a list";
    },
    size: () => reflector.size,
    list: async () => {
      await client.request({ method: "GET", path: "/api/v1/services" });
    },
    stop: async () => {
      await reflector.stop();
      client.close();
    },
  };
};

/** Both clients for one server. */
export const createSubjects = async (kubeconfigPath: string): Promise<readonly Subject[]> => [
  createInformerSubject(kubeconfigPath),
  await createReflectorSubject(kubeconfigPath),
];
