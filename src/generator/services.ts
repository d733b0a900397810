import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { createNamespacedReflector } from "../kube/merged-reflector.ts";
import { createPermissionLog } from "../kube/permission.ts";
import type { Reflector, ReflectorChange, ReflectorState } from "../kube/reflection.ts";
import { SERVICES } from "../kube/resource.ts";
import { releaseUnusedHeap } from "../ops/heap.ts";
import type { Logger } from "../ops/log.ts";
import { readService, type ServiceRecord } from "../routes/service.ts";
import type { RoutingSettings } from "../settings/routing.ts";
import type { GeneratorMetrics } from "./metrics.ts";

export interface ServicesOptions {
  readonly client: KubeClient;
  readonly routing: RoutingSettings;
  readonly metrics: GeneratorMetrics;
  readonly log: Logger;
  /**
   * Told after each change of the local copy: the keys that changed (none when a list only confirmed what was known),
   * and when the first byte of it was seen, in monotonic milliseconds. Also told, without keys, once `synced` is true.
   */
  readonly onChange: (keys: readonly string[], seenAtMs: number) => void;
}

/** A list leaves garbage behind; so long after it, what it led to is written. */
const quietAfterListMs = 2000;

/** Logs what failed: a missing permission once, since only a person can end it, anything else with each retry. */
const createStateLog = (log: Logger, metrics: GeneratorMetrics) => {
  const permissions = createPermissionLog();
  return (state: ReflectorState, namespace: string | null): void => {
    const change = permissions.observe(state, namespace);
    metrics.namespacesForbidden.set(permissions.forbiddenCount);
    if (change?.kind === "allowed") log.info({ namespace }, "the Services may be listed and watched again");
    if (change?.kind === "forbidden") {
      const { failure, grant } = change;
      log.warn({ ...failure.denied, grant, reason: describeFailure(failure) }, "a permission is missing");
    }
    if (state.kind !== "backing-off" || state.failure.kind === "forbidden") return;
    const { failed, failure, attempt, delayMs } = state;
    log.warn(
      { verb: failed, namespace, reason: describeFailure(failure), attempt, retryInMs: Math.round(delayMs) },
      "the API server did not answer as it should, the last configuration stands",
    );
  };
};

const changedKeys = (change: ReflectorChange<ServiceRecord>): readonly string[] =>
  change.kind === "relist"
    ? [...change.added, ...change.updated, ...change.removed.map(({ key }) => key)]
    : [change.key];

/** The local copy of the labelled Services, counted and logged. */
export const reflectServices = ({
  client,
  routing,
  metrics,
  log,
  onChange,
}: ServicesOptions): Reflector<ServiceRecord> => {
  let tidyUp: NodeJS.Timeout | null = null;
  const reflector = createNamespacedReflector<ServiceRecord>({
    client,
    resource: SERVICES,
    namespaces: routing.namespaces,
    labelSelector: routing.serviceSelector,
    slim: (object) => readService(object, routing.configuration.keyPrefix),
    onState: createStateLog(log, metrics),
    onAttempt: ({ verb, result }) => (verb === "list" ? metrics.lists : metrics.watches).inc({ result }),
    onEvent: (type) => {
      metrics.events.inc({ type });
      if (type !== "ERROR") metrics.lastSync.setToCurrentTime();
    },
    onChange: (change) => {
      if (change.kind === "relist") {
        metrics.lastSync.setToCurrentTime();
        if (tidyUp !== null) clearTimeout(tidyUp);
        tidyUp = setTimeout(releaseUnusedHeap, quietAfterListMs).unref();
      }
      onChange(changedKeys(change), change.seenAtMs);
    },
    onSynced: () => {
      const { unlisted } = reflector;
      if (unlisted.length > 0) log.warn({ unlisted }, "routing without the namespaces that may not be listed");
      onChange([], performance.now());
    },
  });
  return reflector;
};
