import { setTimeout as sleep } from "node:timers/promises";
import { isSameProcess, type NginxChild, nginxChildren } from "./processes.ts";
import { askSocket } from "./socket-http.ts";

/** The revision that nginx answers with; null when it does not answer. */
export const servedRevision = async (socketPath: string, timeoutMs: number): Promise<string | null> => {
  const body = await askSocket(socketPath, "/revision", timeoutMs);
  return body === null ? null : body.trim();
};

/** The workers that accept connections. */
export const acceptingWorkers = async (masterPid: number): Promise<readonly NginxChild[]> =>
  (await nginxChildren(masterPid)).filter((child) => child.role === "active");

/** Waits are 2 ms at first and 5 % of the time gone later: a fast reload is seen at once, a slow one is not slowed. */
const pauseMs = (elapsedMs: number): number => Math.min(50, Math.max(2, elapsedMs / 20));

/**
 * Asks again and again until the answer is yes.
 *
 * @param isOver ends the waiting early: nginx died or refused, or the program stops
 * @returns milliseconds it took; null when the deadline passed or it was over
 */
const waitUntil = async (
  isTrue: (remainingMs: number) => Promise<boolean>,
  timeoutMs: number,
  isOver: () => boolean | Promise<boolean>,
): Promise<number | null> => {
  const startMs = performance.now();
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= timeoutMs) return null;
    if (await isTrue(timeoutMs - elapsedMs)) return performance.now() - startMs;
    if (await isOver()) return null;
    await sleep(pauseMs(elapsedMs));
  }
};

/** Waits until nginx answers with a revision ("first"). One question may wait for a worker that is about to start. */
export const waitFirst = (
  socketPath: string,
  revision: string,
  timeoutMs: number,
  isOver: () => boolean | Promise<boolean>,
): Promise<number | null> =>
  waitUntil(
    async (remainingMs) => (await servedRevision(socketPath, Math.min(remainingMs, 1000))) === revision,
    timeoutMs,
    isOver,
  );

/** Waits until none of these workers accepts connections ("settled"). */
export const waitSettled = (
  masterPid: number,
  older: readonly NginxChild[],
  timeoutMs: number,
  isOver: () => boolean | Promise<boolean>,
): Promise<number | null> =>
  waitUntil(
    async () => !(await acceptingWorkers(masterPid)).some((now) => older.some((then) => isSameProcess(now, then))),
    timeoutMs,
    isOver,
  );
