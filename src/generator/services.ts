import type { KubeClient } from "../kube/client.ts";
import { systemClock } from "../kube/clock.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { createNamespacedReflector } from "../kube/merged-reflector.ts";
import { createPermissionLog } from "../kube/permission.ts";
import type { ReflectorState } from "../kube/reflection.ts";
import { SERVICES } from "../kube/resource.ts";
import { releaseUnusedHeap } from "../ops/heap.ts";
import type { Logger } from "../ops/log.ts";
import { readService, type ServiceRecord } from "../routes/service.ts";
import type { RoutingSettings } from "../settings/routing.ts";
import { createMassDeleteHold } from "./mass-delete.ts";
import type { GeneratorMetrics } from "./metrics.ts";

export interface ServicesOptions {
  readonly client: KubeClient;
  readonly routing: RoutingSettings;
  readonly massDeleteHoldMs: number;
  /** The keys of the Services in the configuration that lies there at the start. */
  readonly earlier: ReadonlySet<string>;
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

/** The labelled Services as they are to be routed: the local copy, and those that a list may have lost. */
export interface Services {
  /** True once a complete list was seen. */
  readonly synced: boolean;
  /** True while `snapshot` is less than what the earlier configuration routes, so that it must not be replaced. */
  readonly isHeld: boolean;
  snapshot(): Iterable<ServiceRecord>;
  get(key: string): ServiceRecord | undefined;
  /** Begins; resolves once stopped. Rejects only on a fault of the program itself. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** The labelled Services, counted and logged. */
export const reflectServices = ({
  client,
  routing,
  massDeleteHoldMs,
  earlier,
  metrics,
  log,
  onChange,
}: ServicesOptions): Services => {
  let tidyUp: NodeJS.Timeout | null = null;
  const hold = createMassDeleteHold({
    holdMs: massDeleteHoldMs,
    earlier,
    clock: systemClock,
    relist: (namespace) => reflector.relistPart(namespace),
    metrics,
    log,
  });
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
    onChange: (change, namespace) => {
      if (change.kind === "relist") {
        metrics.lastSync.setToCurrentTime();
        if (tidyUp !== null) clearTimeout(tidyUp);
        tidyUp = setTimeout(releaseUnusedHeap, quietAfterListMs).unref();
      }
      onChange(hold.observe(change, namespace), change.seenAtMs);
    },
    onSynced: () => {
      hold.forgetEarlier();
      const { unlisted } = reflector;
      if (unlisted.length > 0) log.warn({ unlisted }, "routing without the namespaces that may not be listed");
      onChange([], performance.now());
    },
  });
  return {
    get synced() {
      return reflector.synced;
    },
    get isHeld() {
      return hold.isBlocking;
    },
    *snapshot() {
      yield* reflector.snapshot();
      yield* hold.held();
    },
    get: (key) => reflector.get(key) ?? hold.get(key),
    run: () => reflector.run(),
    stop: () => {
      hold.stop();
      return reflector.stop();
    },
  };
};
