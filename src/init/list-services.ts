import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { createNamespacedReflector } from "../kube/merged-reflector.ts";
import { createPermissionLog } from "../kube/permission.ts";
import type { ReflectorState } from "../kube/reflection.ts";
import { SERVICES } from "../kube/resource.ts";
import type { Logger } from "../ops/log.ts";
import { ProgramError } from "../ops/program.ts";
import { readService, type ServiceRecord } from "../routes/service.ts";
import type { RoutingSettings } from "../settings/routing.ts";

/** What bounds the wait for a complete list. */
export interface ListBounds {
  readonly timeoutMs: number;
  /** Ends the wait early. */
  readonly stop: AbortSignal;
}

/** As client-go asks for. The generator asks for less at once, for its memory's sake; init ends before that counts. */
const pageSize = 500;

/** So long a namespace may be refused before the others are taken without it; less where the whole wait is short. */
const maxRefusalGraceMs = 3000;

/** Logs what failed, and remembers the last failure of each namespace. */
const createFailureLog = (log: Logger) => {
  const permissions = createPermissionLog();
  const last = new Map<string | null, string>();
  return {
    observe: (state: ReflectorState, namespace: string | null): void => {
      const change = permissions.observe(state, namespace);
      if (state.kind !== "backing-off") return;
      const reason = describeFailure(state.failure);
      last.set(namespace, reason);
      if (change?.kind === "forbidden") {
        log.warn({ ...change.failure.denied, grant: change.grant, reason }, "a permission is missing");
      }
      if (state.failure.kind === "forbidden") return;
      const retryInMs = Math.round(state.delayMs);
      log.warn({ namespace, reason, retryInMs }, "could not list the Services, trying again");
    },
    /** Why these are not listed, each reason once, on one line. */
    reasons: (namespaces: readonly (string | null)[]): string =>
      [...new Set(namespaces.map((name) => last.get(name) ?? "the API server did not answer"))].join("; "),
  };
};

/**
 * Waits for one complete list of the Services that are hotroute's, trying again while the API server is away. Of several
 * namespaces those that may not be listed (403) are left out, unless that is all of them.
 *
 * @throws ProgramError with the last failures, when there was none in time or the wait was ended
 */
export const listServices = async (
  client: KubeClient,
  routing: RoutingSettings,
  log: Logger,
  { timeoutMs, stop }: ListBounds,
): Promise<readonly ServiceRecord[]> => {
  const failures = createFailureLog(log);
  let listed: readonly ServiceRecord[] | null = null;
  const end = (): void => void reflector.stop();
  const reflector = createNamespacedReflector<ServiceRecord>({
    client,
    resource: SERVICES,
    namespaces: routing.namespaces,
    refusalGraceMs: Math.min(maxRefusalGraceMs, timeoutMs / 2),
    labelSelector: routing.serviceSelector,
    limits: { pageSize },
    slim: (object) => readService(object, routing.configuration.keyPrefix),
    onState: failures.observe,
    onSynced: () => {
      const { unlisted } = reflector;
      if (unlisted.length > 0) log.warn({ unlisted }, "routing without the namespaces that may not be listed");
      listed = [...reflector.snapshot()];
      end();
    },
  });
  const deadline = setTimeout(end, timeoutMs);
  stop.addEventListener("abort", end, { once: true });
  try {
    if (!stop.aborted) await reflector.run();
  } finally {
    clearTimeout(deadline);
    stop.removeEventListener("abort", end);
  }
  if (listed !== null) return listed;
  if (stop.aborted) throw new ProgramError("stopped before the Services were listed");
  throw new ProgramError(
    `no complete list of Services within ${timeoutMs} ms (INIT_TIMEOUT_MS): ${failures.reasons(reflector.unlisted)}`,
  );
};
