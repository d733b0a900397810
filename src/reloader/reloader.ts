import { serveEndpoints } from "../ops/endpoints.ts";
import type { Logger } from "../ops/log.ts";
import { describeError, type ExitCode } from "../ops/program.ts";
import type { ReloaderConfig } from "./config.ts";
import { createDrainGate } from "./drain.ts";
import { createEngine } from "./engine.ts";
import { createGenerations, noGenerations } from "./generations.ts";
import { readDescriptorLimit, readLimits, workersFor } from "./machine.ts";
import { mainConfOf } from "./main-conf.ts";
import { createMetrics } from "./metrics.ts";
import { probeNginx } from "./nginx-binary.ts";
import type { Workshop } from "./outcome.ts";
import { nginxChildren } from "./processes.ts";
import { createReport } from "./report.ts";
import { prepareRunDir, prepareTempDir } from "./run-dir.ts";
import { createStatusFile } from "./status-file.ts";
import { watchConfig } from "./watch.ts";

/**
 * Runs the reloader: nginx serves what the configuration directory holds, until the program is stopped.
 *
 * @throws ProgramError when it cannot start (no nginx, a run folder that cannot be written, a port in use), or when
 * nginx dies again and again
 */
export const runReloader = async (config: ReloaderConfig, log: Logger, stop: AbortSignal): Promise<ExitCode> => {
  const nginx = await probeNginx(config.nginxBin, config.searchPath);
  const paths = await prepareRunDir(config.runDir);
  const temp = await prepareTempDir(config.tempRoot, config.runDir);
  const limits = await readLimits();
  const fixed = mainConfOf({
    paths,
    tempDir: temp.path,
    workers: config.workers ?? workersFor(limits),
    descriptorLimit: await readDescriptorLimit(),
    workerShutdownTimeout: config.workerShutdownTimeout,
    keepaliveMinTimeout: nginx.hasKeepaliveMinTimeout ? config.keepaliveMinTimeout : null,
    hasStubStatus: nginx.hasStubStatus,
  });
  const generations = createGenerations();
  const metrics = createMetrics({
    socketPath: paths.socket,
    workers: async () => {
      const master = engine.master();
      const children = master === null ? [] : await nginxChildren(master.pid);
      const count = (role: string): number => children.filter((child) => child.role === role).length;
      return { active: count("active"), draining: count("draining") };
    },
    generations: async () => {
      const master = engine.master();
      return master === null ? noGenerations : generations.observe(master.pid);
    },
  });
  const statusFile = createStatusFile(paths.status, (error) => log.error({ err: error }, "status.json not written"));
  const drainGate = createDrainGate(config, limits.memoryBytes, (view) =>
    log.warn({ ...view }, "reload waits: old workers still drain, and another generation would pass the memory limit"),
  );
  const report = createReport(log, metrics, statusFile);
  report.starting();
  const shop: Workshop = { config, nginx, paths, log, stop, enter: report.entered };
  const onCompare = async (): Promise<void> => {
    statusFile.retry();
    await watch.refresh();
  };
  const onMissed = (): void => {
    report.missed();
    watch.renew();
  };
  const engine = createEngine({ shop, fixed, report, drainGate, generations, onCompare, onMissed });
  const endpoints = await serveEndpoints("RELOADER_LISTEN", config.listen, { registry: metrics.registry, ...engine });
  log.info(
    {
      configDir: config.configDir,
      nginx: nginx.path,
      version: nginx.version,
      stubStatus: nginx.hasStubStatus,
      realip: nginx.hasRealip,
      http2: nginx.hasHttp2,
      workers: fixed.workers,
      port: endpoints.port,
    },
    "reloader started",
  );
  if (!nginx.hasKeepaliveMinTimeout) {
    log.warn(
      { version: nginx.version, needed: "1.27.4" },
      "this nginx has no keepalive_min_timeout: a reload resets requests that are on their way on kept-alive connections",
    );
  }
  let lastWatchError = "";
  const onWatchError = (error: unknown): void => {
    metrics.watchErrors.inc();
    const reason = describeError(error);
    // It is tried again with each comparison, and may fail for the same reason for days.
    if (reason !== lastWatchError) log.warn({ reason }, "file watch failed; changes are found by the comparison");
    lastWatchError = reason;
  };
  const watch = watchConfig(config.configDir, config.mainTemplateFile, engine.changed, onWatchError);
  try {
    await engine.run();
  } finally {
    await watch.close();
    await statusFile.flush();
    await endpoints.close();
    await temp.remove();
  }
  log.info("stopped");
  return 0;
};
