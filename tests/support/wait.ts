import { setTimeout as sleep } from "node:timers/promises";

/** What a probe may answer: a falsy "not yet", or the value waited for. */
export type Probed<T> = T | undefined | null | false;

export interface WaitOptions {
  /** How long to keep asking, in milliseconds. Default 20,000. */
  readonly deadlineMs?: number;
  /** The pause between two probes, in milliseconds. Default a quarter of what was waited so far, from 5 to 50. */
  readonly everyMs?: number;
}

/** Of what comes soon it is known soon; what takes long is not asked for hundreds of times, which slows down its coming. */
const pauseMs = (waitedMs: number): number => Math.min(50, Math.max(5, waitedMs / 4));

/**
 * Asks `probe` until it answers with something other than undefined, null or false, and resolves with that answer. A
 * probe that throws counts as "not yet".
 * @throws Error after the deadline; it names `what` and carries the probe's last error as its cause.
 */
export const waitFor = async <T>(
  what: string,
  probe: () => Promise<Probed<T>> | Probed<T>,
  options: WaitOptions = {},
): Promise<T> => {
  const deadlineMs = options.deadlineMs ?? 20_000;
  const startMs = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const waitedMs = performance.now() - startMs;
    if (waitedMs >= deadlineMs) break;
    await sleep(options.everyMs ?? pauseMs(waitedMs));
  }
  const reason =
    lastError === undefined ? "" : `: ${lastError instanceof Error ? lastError.message : String(lastError)}`;
  throw new Error(`waited ${deadlineMs} ms for ${what}${reason}`, { cause: lastError });
};
