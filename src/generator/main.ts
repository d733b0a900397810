import { createKubeClient } from "../kube/https-client.ts";
import { loadKubeAccess } from "../kube/kube-config.ts";
import { serveEndpoints } from "../ops/endpoints.ts";
import { keepYoungGenerationSmall } from "../ops/heap.ts";
import { createLogger } from "../ops/log.ts";
import { ProgramError, runProgram } from "../ops/program.ts";
import { readConfig } from "./config.ts";
import { type Generator, startGenerator } from "./generator.ts";
import { createMetrics } from "./metrics.ts";

void runProgram("generator", async (stop) => {
  keepYoungGenerationSmall();
  const config = readConfig();
  const log = createLogger("generator", config.logLevel);
  const metrics = createMetrics();
  const access = await loadKubeAccess(config.environment);
  const client = createKubeClient(access, { limits: { idleMs: config.watchIdleMs } });
  let generator: Generator;
  try {
    generator = await startGenerator({ config, client, metrics, log });
  } catch (cause) {
    throw new ProgramError(
      `cannot use CONFIG_DIR=${config.configDir}: make it a directory that this user may read and write`,
      { cause },
    );
  }
  const endpoints = await serveEndpoints("GENERATOR_LISTEN", config.listen, {
    registry: metrics.registry,
    healthz: () => ({ ok: true }),
    readyz: generator.readyz,
  });
  log.info({ server: access.server, source: access.source, port: endpoints.port }, "watching Services");
  const onStop = (): void => void generator.stop();
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop, { once: true });
  await generator.ended;
  await generator.stop();
  await endpoints.close();
  client.close();
  log.info("stopped");
  return 0;
});
