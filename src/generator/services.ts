import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import type { Reflector, ReflectorChange, ReflectorState } from "../kube/reflection.ts";
import { createReflector } from "../kube/reflector.ts";
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
   * and when the first byte of it was seen, in monotonic milliseconds.
   */
  readonly onChange: (keys: readonly string[], seenAtMs: number) => void;
}

/** A list leaves garbage behind; so long after it, what it led to is written. */
const quietAfterListMs = 2000;

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

/** The local copy of the labelled Services, counted and logged. */
export const reflectServices = ({
  client,
  routing,
  metrics,
  log,
  onChange,
}: ServicesOptions): Reflector<ServiceRecord> => {
  let tidyUp: NodeJS.Timeout | null = null;
  return createReflector<ServiceRecord>({
    client,
    resource: SERVICES,
    namespace: null,
    labelSelector: routing.serviceSelector,
    slim: (object) => readService(object, routing.configuration.keyPrefix),
    onState: (state) => logState(log, state),
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
  });
};
