import { join } from "node:path";
import type { ReloaderStatus } from "../contract/status.ts";
import type { KubeClient } from "../kube/client.ts";
import { systemClock } from "../kube/clock.ts";
import type { Health } from "../ops/endpoints.ts";
import type { Logger } from "../ops/log.ts";
import { createCoalescer } from "./coalescer.ts";
import type { GeneratorConfig } from "./config.ts";
import { openConfigFile } from "./config-file.ts";
import type { GeneratorMetrics } from "./metrics.ts";
import { createProblemLog } from "./problem-log.ts";
import { createPropagationTracker, type PropagationTracker } from "./propagation.ts";
import { createPublisher, shownChanges } from "./publisher.ts";
import { reflectServices } from "./services.ts";
import { watchStatus } from "./status-watch.ts";

/** The running generator. */
export interface Generator {
  readyz(): Health;
  /** Resolves when it was stopped; rejects on a fault of the program itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface GeneratorParts {
  readonly config: GeneratorConfig;
  readonly client: KubeClient;
  readonly metrics: GeneratorMetrics;
  readonly log: Logger;
}

const fileName = "default.conf";

/** Measures and logs what a status of the reloader says has become live. */
const reportLive = (
  status: ReloaderStatus,
  tracker: PropagationTracker,
  metrics: GeneratorMetrics,
  log: Logger,
): void => {
  for (const { hash, propagationMs, changed } of tracker.observe(status, performance.now())) {
    if (propagationMs === null) continue;
    metrics.propagation.observe(propagationMs / 1000);
    const shown = { changed: changed.slice(0, shownChanges), changes: changed.length };
    log.info({ ...shown, sha256: hash.slice(0, 12), propagationMs: Math.round(propagationMs) }, "live");
  }
};

/**
 * Starts the generator: from the first complete list on, `default.conf` follows the labelled Services.
 *
 * @throws the file system's error when the configuration directory cannot be used
 */
export const startGenerator = async ({ config, client, metrics, log }: GeneratorParts): Promise<Generator> => {
  const { quietMs, maxWaitMs, compareIntervalMs, routing } = config;
  const path = join(config.configDir, fileName);
  const file = await openConfigFile(path);
  const tracker = createPropagationTracker(fileName);
  const publisher = createPublisher({
    file,
    path,
    configuration: routing.configuration,
    services: () => services.snapshot(),
    problems: createProblemLog(log),
    metrics,
    log,
    onPublished: tracker.published,
  });
  const publish = (): void => void publisher.publish();
  const coalescer = createCoalescer({ quietMs, maxWaitMs, clock: systemClock, run: publish });
  const services = reflectServices({
    client,
    routing,
    metrics,
    log,
    onChange: (keys, seenAtMs) => {
      if (keys.length > 0) publisher.note(keys, seenAtMs);
      // A list that changed nothing is still a reason to look whether the file says so.
      coalescer.change();
    },
  });
  const statusWatch = watchStatus(config.runDir, compareIntervalMs, (status) =>
    reportLive(status, tracker, metrics, log),
  );
  // Level-triggered on this side too: a file that somebody else changed or removed is written anew.
  const compare = async (): Promise<void> => {
    if (!(await file.refresh()) || !services.synced) return;
    log.warn({ path }, "the configuration was changed by somebody else, writing it anew");
    publish();
  };
  // What keeps the file from being read keeps it from being written, and is reported there.
  const compareTimer = setInterval(() => void compare().catch(() => undefined), compareIntervalMs);
  let isStopping = false;
  return {
    ended: services.run(),
    readyz: () => {
      if (isStopping) return { ok: false, reason: "stopping" };
      if (!services.synced) return { ok: false, reason: "no complete list of Services was seen yet" };
      return publisher.isPublished ? { ok: true } : { ok: false, reason: "the configuration could not be written yet" };
    },
    stop: async () => {
      isStopping = true;
      clearInterval(compareTimer);
      coalescer.cancel();
      await Promise.all([services.stop(), statusWatch.close(), publisher.stop()]);
    },
  };
};
