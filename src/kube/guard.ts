import type { Clock } from "./clock.ts";
import type { KubeFailure } from "./failure.ts";

/** A deadline and the caller's signal in one; says afterwards which of the two it was. */
export interface Guard {
  readonly signal: AbortSignal;
  /** Names the failure that was caused by ending the exchange after its cause. */
  explain(failure: KubeFailure): KubeFailure;
  /** Lifts the deadline; the caller's signal still holds. */
  disarm(): void;
  dispose(): void;
}

/** @param what that did not happen in time, for the message */
export const createGuard = (clock: Clock, caller: AbortSignal | undefined, deadlineMs: number, what: string): Guard => {
  const controller = new AbortController();
  let timedOut = false;
  const onAbort = (): void => controller.abort();
  const cancel = clock.after(deadlineMs, () => {
    timedOut = true;
    controller.abort();
  });
  if (caller?.aborted) controller.abort();
  caller?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    explain: (failure: KubeFailure): KubeFailure => {
      if (caller?.aborted) return { kind: "aborted", message: "aborted by the caller" };
      return timedOut ? { kind: "timeout", message: `${what} within ${deadlineMs} ms` } : failure;
    },
    disarm: cancel,
    dispose: (): void => {
      cancel();
      caller?.removeEventListener("abort", onAbort);
    },
  };
};
