import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { removeStaleTemporaries, writeFileAtomic } from "../files/atomic-write.ts";
import { createKubeClient } from "../kube/https-client.ts";
import { loadKubeAccess } from "../kube/kube-config.ts";
import { configure } from "../nginx/configuration.ts";
import { loadTemplate } from "../nginx/template.ts";
import { doWithoutIncrementalMarking, keepYoungGenerationSmall } from "../ops/heap.ts";
import { createLogger } from "../ops/log.ts";
import { ProgramError, runProgram } from "../ops/program.ts";
import { describeProblem } from "../routes/problem.ts";
import { readConfig } from "./config.ts";
import { keepServiceList } from "./keep-service-list.ts";
import { listServices } from "./list-services.ts";

void runProgram("init", async (stop) => {
  keepYoungGenerationSmall();
  doWithoutIncrementalMarking();
  const config = readConfig();
  const log = createLogger("init", config.logLevel);
  const template = await loadTemplate(config.routing.template);
  const access = await loadKubeAccess(config.environment);
  const client = createKubeClient(access);
  const services = await listServices(client, config.routing, log, { timeoutMs: config.timeoutMs, stop });
  client.close();

  const { file, problems, serviceCount, routeCount } = configure(
    services,
    config.routing.configuration,
    config.routing.hostPolicy?.policy,
    template,
  );
  for (const problem of problems) log.warn({ problem: describeProblem(problem) }, "a Service has a problem");

  const path = join(config.configDir, "default.conf");
  try {
    await mkdir(config.configDir, { recursive: true });
    await removeStaleTemporaries(path);
    await Promise.all([
      writeFileAtomic(path, file.pieces),
      keepServiceList(config.configDir, { hash: file.sha256, isServed: false, services }),
    ]);
  } catch (cause) {
    throw new ProgramError(
      `cannot write ${path}: make CONFIG_DIR a directory this user may write to, with space left`,
      {
        cause,
      },
    );
  }
  log.info({ path, services: serviceCount, routes: routeCount, bytes: file.sizeBytes }, "configuration written");
  return 0;
});
