import { setTimeout as sleep } from "node:timers/promises";

/** Requests that must be answered all the time, but for while something is known to be broken. */
export interface Traffic {
  /** Requests may fail while `run` is at it, and from then on until the next right answer. */
  excuse(run: () => Promise<void>): Promise<void>;
  /** Requests so far, and what those were answered that failed without an excuse. */
  stop(): Promise<{ readonly requests: number; readonly failures: readonly string[] }>;
}

const everyMs = 50;

/** @param ask resolves with the answer; null when there is none */
export const startTraffic = (ask: () => Promise<string | null>, wanted: string): Traffic => {
  const failures: string[] = [];
  const startMs = performance.now();
  let requests = 0;
  let running = 0;
  let isExcused = false;
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const wasRunning = running;
      const answer = await ask();
      requests += 1;
      if (answer !== wanted) {
        if (!isExcused) failures.push(`${((performance.now() - startMs) / 1000).toFixed(1)} s: ${answer}`);
      } else if (wasRunning === 0 && running === 0) isExcused = false;
      await sleep(everyMs);
    }
  };
  const ended = loop();
  return {
    excuse: async (run) => {
      isExcused = true;
      running += 1;
      try {
        await run();
      } finally {
        running -= 1;
      }
    },
    stop: async () => {
      stopping.abort();
      await ended;
      return { requests, failures };
    },
  };
};
