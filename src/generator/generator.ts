import { join } from "node:path";
import type { KubeClient } from "../kube/client.ts";
import { systemClock } from "../kube/clock.ts";
import { describeFailure } from "../kube/failure-text.ts";
import type { ReflectorChange, ReflectorState } from "../kube/reflection.ts";
import { createReflector } from "../kube/reflector.ts";
import { SERVICES } from "../kube/resource.ts";
import type { Health } from "../ops/endpoints.ts";
import type { Logger } from "../ops/log.ts";
import { readService, type ServiceRecord } from "../routes/service.ts";
import { createCoalescer } from "./coalescer.ts";
import type { GeneratorConfig } from "./config.ts";
import { openConfigFile } from "./config-file.ts";
import type { GeneratorMetrics } from "./metrics.ts";
import { createProblemLog } from "./problem-log.ts";
import { createPropagationTracker } from "./propagation.ts";
import { createPublisher, shownChanges } from "./publisher.ts";
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

const logState = (log: Logger, state: ReflectorState): void => {
  if (state.kind !== "backing-off") return;
  const { failed, failure, attempt, delayMs } = state;
  log.warn(
    { verb: failed, reason: describeFailure(failure), attempt, retryInMs: Math.round(delayMs) },
    "the API server did not answer as it should, the last configuration stands",
  );
};

const changedKeys = (change: ReflectorChange<ServiceRecord>): readonly string[] =>
  change.kind === "relist"
    ? [...change.added, ...change.updated, ...change.removed.map(({ key }) => key)]
    : [change.key];

/**
 * Starts the generator: from the first complete list on, `default.conf` follows the labelled Services.
 *
 * @throws the file system's error when the configuration directory cannot be used
 */
export const startGenerator = async ({ config, client, metrics, log }: GeneratorParts): Promise<Generator> => {
  const path = join(config.configDir, fileName);
  const file = await openConfigFile(path);
  const tracker = createPropagationTracker(fileName);
  const publisher = createPublisher({
    file,
    path,
    configuration: config.routing.configuration,
    services: () => reflector.snapshot(),
    problems: createProblemLog(log),
    metrics,
    log,
    onPublished: tracker.published,
  });
  const { quietMs, maxWaitMs } = config;
  const run = (): void => void publisher.publish();
  const coalescer = createCoalescer({ quietMs, maxWaitMs, clock: systemClock, run });
  const reflector = createReflector<ServiceRecord>({
    client,
    resource: SERVICES,
    namespace: null,
    labelSelector: config.routing.serviceSelector,
    slim: (object) => readService(object, config.routing.configuration.keyPrefix),
    onState: (state) => logState(log, state),
    onAttempt: ({ verb, result }) => (verb === "list" ? metrics.lists : metrics.watches).inc({ result }),
    onEvent: (type) => {
      metrics.events.inc({ type });
      if (type !== "ERROR") metrics.lastSync.setToCurrentTime();
    },
    onChange: (change) => {
      if (change.kind === "relist") metrics.lastSync.setToCurrentTime();
      const keys = changedKeys(change);
      // A relist that changed nothing is still a reason to look whether the file says so.
      if (keys.length > 0) publisher.note(keys, change.seenAtMs);
      coalescer.change();
    },
  });
  const status = watchStatus(config.runDir, config.compareIntervalMs, (reported) => {
    for (const { hash, propagationMs, changed } of tracker.observe(reported, performance.now())) {
      if (propagationMs === null) continue;
      metrics.propagation.observe(propagationMs / 1000);
      const shown = { changed: changed.slice(0, shownChanges), changes: changed.length };
      log.info({ ...shown, sha256: hash.slice(0, 12), propagationMs: Math.round(propagationMs) }, "live");
    }
  });
  // Level-triggered on this side too: a file that somebody else changed or removed is written anew.
  const compare = setInterval(() => {
    void file.refresh().then(
      (isOther) => {
        if (!isOther || !reflector.synced) return;
        log.warn({ path }, "the configuration was changed by somebody else, writing it anew");
        void publisher.publish();
      },
      // The next write meets the same fault, and reports it.
      () => undefined,
    );
  }, config.compareIntervalMs);
  let isStopping = false;
  return {
    ended: reflector.run(),
    readyz: () => {
      if (isStopping) return { ok: false, reason: "stopping" };
      if (!reflector.synced) return { ok: false, reason: "no complete list of Services was seen yet" };
      return publisher.isPublished ? { ok: true } : { ok: false, reason: "the configuration could not be written yet" };
    },
    stop: async () => {
      isStopping = true;
      clearInterval(compare);
      coalescer.cancel();
      await Promise.all([reflector.stop(), status.close(), publisher.stop()]);
    },
  };
};
