import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { withFooter } from "../support/footer.ts";

/** What a storm writes, and how fast. */
export interface Storm {
  /** Absolute path of the file that is rewritten, by rename. */
  readonly file: string;
  /** The text, in which each MARK is made `storm 1`, `storm 2` … */
  readonly text: string;
  readonly writesPerSecond: number;
  readonly durationMs: number;
}

/** How often it was written, and what the last one was. */
export interface StormEnd {
  readonly writes: number;
  readonly lastMark: string;
}

/** Writes in a thread of its own, so that neither the test's clients nor the writer wait for each other. */
export const runStorm = (storm: Storm): Promise<StormEnd> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: storm });
    worker.once("message", resolve);
    worker.once("error", reject);
  });

const write = ({ file, text, writesPerSecond, durationMs }: Storm): StormEnd => {
  const temporary = join(dirname(file), ".default.conf.tmp");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const startMs = performance.now();
  let writes = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= durationMs) return { writes, lastMark: `storm ${writes}` };
    if (writes >= (elapsedMs / 1000) * writesPerSecond) {
      Atomics.wait(pause, 0, 0, 1);
      continue;
    }
    writes += 1;
    writeFileSync(temporary, withFooter(text.replaceAll("MARK", `storm ${writes}`)));
    renameSync(temporary, file);
  }
};

// Started as the thread, not imported by a test.
if (parentPort !== null && workerData !== null) parentPort.postMessage(write(workerData as Storm));
