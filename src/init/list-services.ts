import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { createReflector } from "../kube/reflector.ts";
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

/**
 * Waits for one complete list of the Services that are hotroute's, trying again while the API server is away.
 *
 * @throws ProgramError with the last failure, when there was none in time or the wait was ended
 */
export const listServices = async (
  client: KubeClient,
  routing: RoutingSettings,
  log: Logger,
  { timeoutMs, stop }: ListBounds,
): Promise<readonly ServiceRecord[]> => {
  let lastFailure: string | null = null;
  let listed: readonly ServiceRecord[] | null = null;
  const end = (): void => void reflector.stop();
  const reflector = createReflector<ServiceRecord>({
    client,
    resource: SERVICES,
    namespace: null,
    labelSelector: routing.serviceSelector,
    slim: (object) => readService(object, routing.configuration.keyPrefix),
    onState: (state) => {
      if (state.kind !== "backing-off") return;
      lastFailure = describeFailure(state.failure);
      log.warn(
        { reason: lastFailure, retryInMs: Math.round(state.delayMs) },
        "could not list the Services, trying again",
      );
    },
    onSynced: () => {
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
    `no complete list of Services within ${timeoutMs} ms (INIT_TIMEOUT_MS): ${lastFailure ?? "the API server did not answer"}`,
  );
};
