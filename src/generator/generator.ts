import { join } from "node:path";
import type { KubeClient } from "../kube/client.ts";
import { systemClock } from "../kube/clock.ts";
import type { Health } from "../ops/endpoints.ts";
import type { Logger } from "../ops/log.ts";
import { describeError } from "../ops/program.ts";
import { serviceKey } from "../routes/service.ts";
import { createCoalescer } from "./coalescer.ts";
import type { GeneratorConfig } from "./config.ts";
import { openConfigFile, readOwnText } from "./config-file.ts";
import { createServiceEvents } from "./events/service-events.ts";
import { watchHostPolicy } from "./host-policy-watch.ts";
import { servicesIn } from "./mass-delete.ts";
import type { GeneratorMetrics } from "./metrics.ts";
import { createProblemLog } from "./problem-log.ts";
import { createPropagationTracker, type LivePublication } from "./propagation.ts";
import { createPublisher } from "./publisher.ts";
import { openQuarantine } from "./quarantine/open.ts";
import { createRecentNginx } from "./quarantine/recent-nginx.ts";
import { reflectServices } from "./services.ts";
import { watchStatus } from "./status-watch.ts";
import { watchTemplate } from "./template-watch.ts";

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
const heldNote = "the configuration from before the start stands: the list lacks most of its Services";

const noStatus =
  "the reloader has written no status: what nginx serves and refuses is not known here; run it, or correct RUN_DIR or its volume";

/** Measures and logs what has become live. */
const reportLive = (live: readonly LivePublication[], metrics: GeneratorMetrics, log: Logger): void => {
  for (const { hash, propagationMs, changed, changes } of live) {
    if (propagationMs === null) continue;
    metrics.propagation.observe(propagationMs / 1000);
    log.info({ changed, changes, sha256: hash.slice(0, 12), propagationMs: Math.round(propagationMs) }, "live");
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
  const earlier = servicesIn((await readOwnText(path)) ?? "");
  const template = await watchTemplate({
    source: routing.template,
    compareIntervalMs,
    metrics,
    log,
    onChange: () => wantPublication(),
  });
  const events = config.isPostingEvents
    ? createServiceEvents({
        client,
        uidOf: (service) => services.get(serviceKey(service))?.uid ?? null,
        instance: config.instance,
        metrics,
        log,
      })
    : null;
  const tracker = createPropagationTracker(fileName);
  const onLive = (live: readonly LivePublication[]): void => {
    reportLive(live, metrics, log);
    events?.live(live);
  };
  const recentNginx = createRecentNginx(routing.configuration, log);
  const quarantine = await openQuarantine({
    configDir: config.configDir,
    fileName,
    recentNginx,
    metrics,
    log,
    onChange: () => wantPublication(),
    onRefused: (hash) => tracker.withdraw(hash),
    onTemplateRefused: (served, words) => template.revert(served, words),
  });
  const publisher = createPublisher({
    file,
    path,
    configuration: recentNginx.options,
    services: () => quarantine.sift(services.snapshot()),
    hostPolicy: () => hostPolicy.policy,
    template,
    problems: createProblemLog(log),
    metrics,
    log,
    onPass: ({ problems, routes }, hash) => {
      events?.observe(problems);
      if (hash !== null) events?.published(routes, hash);
    },
    onFile: (hash, ingredients) => quarantine.published(hash, ingredients),
    onPublished: (publication) => onLive(tracker.published(publication, performance.now())),
  });
  const publish = (): void => void publisher.publish();
  const coalescer = createCoalescer({ quietMs, maxWaitMs, clock: systemClock, run: publish });
  const wantPublication = (): void => {
    // Of several namespaces the first is listed before the last: a part of the routes is no configuration.
    if (services.synced && !services.isHeld) coalescer.change();
  };
  const services = reflectServices({
    client,
    routing,
    massDeleteHoldMs: config.massDeleteHoldMs,
    earlier,
    metrics,
    log,
    onChange: (keys, seenAtMs) => {
      if (keys.length > 0) publisher.note(keys, seenAtMs);
      // A list that changed nothing is still a reason to look whether the file says so.
      wantPublication();
    },
  });
  const hostPolicy = watchHostPolicy({
    file: routing.hostPolicy,
    compareIntervalMs,
    metrics,
    log,
    onChange: wantPublication,
  });
  const statusWatch = watchStatus(config.runDir, compareIntervalMs, {
    onStatus: (status) => {
      quarantine.observe(status);
      onLive(tracker.observe(status, performance.now()));
    },
    onMissing: (status) => log.warn({ path: status }, noStatus),
  });
  // Level-triggered on this side too: a file that somebody else changed or removed is written anew.
  const compare = async (): Promise<void> => {
    if (!(await file.refresh()) || !services.synced || services.isHeld) return;
    log.warn({ path }, "the configuration was changed by somebody else, writing it anew");
    publish();
  };
  const onFault = (error: unknown): void =>
    log.warn({ path, reason: describeError(error) }, "could not look at the file");
  const compareTimer = setInterval(() => void compare().catch(onFault), compareIntervalMs);
  let isStopping = false;
  return {
    ended: services.run(),
    readyz: () => {
      if (isStopping) return { ok: false, reason: "stopping" };
      if (!services.synced) return { ok: false, reason: "no complete list of Services was seen yet" };
      if (services.isHeld) return { ok: true, note: heldNote };
      const { fault } = template;
      // A template that is bad from the start leaves what init or an earlier process wrote: that goes on serving.
      if (publisher.isPublished || (fault !== null && file.hash !== null)) return { ok: true, note: fault };
      return { ok: false, reason: fault ?? "the configuration could not be written yet" };
    },
    stop: async () => {
      isStopping = true;
      clearInterval(compareTimer);
      coalescer.cancel();
      await Promise.all([services.stop(), statusWatch.close(), hostPolicy.close(), template.close(), publisher.stop()]);
      await Promise.all([events?.stop(), quarantine.stop()]);
    },
  };
};
