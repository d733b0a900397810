// The program that is measured: client-node's makeInformer over all Services, idle once they are there.
import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";

// No top-level await: the bundle is CommonJS.
const main = async (): Promise<void> => {
  const config = new KubeConfig();
  config.loadFromDefault();
  const api = config.makeApiClient(CoreV1Api);
  const informer = makeInformer(config, "/api/v1/services", () => api.listServiceForAllNamespaces());
  await informer.start();
  process.stdout.write(`${informer.list().length}\n`);
};

void main();
