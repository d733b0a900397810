// The program that is measured: hotroute's reflector over all Services, idle once they are there.
import { createKubeClient } from "../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";
import { createReflector } from "../../src/kube/reflector.ts";
import { SERVICES } from "../../src/kube/resource.ts";
import { readService } from "../../src/routes/service.ts";

// No top-level await: the bundle is CommonJS.
const main = async (): Promise<void> => {
  const reflector = createReflector({
    client: createKubeClient(await loadKubeAccess(process.env)),
    resource: SERVICES,
    namespace: null,
    slim: (object) => readService(object, "hotroute.io/"),
    onSynced: () => void process.stdout.write(`${reflector.size}\n`),
  });
  await reflector.run();
};

void main();
