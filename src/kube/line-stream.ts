import type { IncomingMessage } from "node:http";
import type { KubeStreamRequest } from "./client.ts";
import type { Clock } from "./clock.ts";
import { networkFailure } from "./exchange.ts";
import type { KubeFailure } from "./failure.ts";
import { createLineSplitter } from "./line-splitter.ts";

/** Bounds of one stream, and who takes its lines. */
export interface LineStreamOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly maxLineBytes: number;
  readonly onLine: KubeStreamRequest["onLine"];
}

/** Calls `onSilence` once when `touch` was not called for `idleMs`; one timer, not one for every byte. */
const createIdleTimer = (clock: Clock, idleMs: number, onSilence: () => void) => {
  let lastMs = clock.nowMs();
  let cancel = (): void => {};
  const arm = (delayMs: number): void => {
    cancel = clock.after(delayMs, () => {
      const silentMs = clock.nowMs() - lastMs;
      // Timers may fire a fraction of a millisecond early.
      if (silentMs + 1 >= idleMs) onSilence();
      else arm(idleMs - silentMs);
    });
  };
  arm(idleMs);
  return {
    touch: (nowMs: number): void => {
      lastMs = nowMs;
    },
    cancel: (): void => cancel(),
  };
};

/**
 * Reads a response's lines until it ends. The connection is closed whenever the result is a failure.
 *
 * @returns null when the server ended the answer in order, between two lines
 * @throws what `onLine` throws
 */
export const readLines = (response: IncomingMessage, options: LineStreamOptions): Promise<KubeFailure | null> =>
  new Promise((resolve, reject) => {
    const { clock, idleMs, maxLineBytes } = options;
    const splitter = createLineSplitter(maxLineBytes);
    let settled = false;
    const settle = (result: KubeFailure | null): void => {
      if (settled) return;
      settled = true;
      idle.cancel();
      if (result !== null) response.destroy();
      resolve(result);
    };
    const idle = createIdleTimer(clock, idleMs, () =>
      settle({ kind: "timeout", message: `no byte of the stream for ${idleMs} ms` }),
    );
    response.on("data", (chunk: Buffer) => {
      if (settled) return;
      const nowMs = clock.nowMs();
      idle.touch(nowMs);
      try {
        const fits = splitter.push(chunk, nowMs, (line) => {
          const failure = options.onLine(line);
          if (failure !== undefined) settle(failure);
          return failure === undefined;
        });
        if (!fits) settle({ kind: "tooLarge", message: `a line of more than ${maxLineBytes} bytes` });
      } catch (error) {
        reject(error);
        settle({ kind: "aborted", message: "the listener threw" });
      }
    });
    response.on("end", () => {
      const cut = splitter.pendingBytes > 0;
      settle(cut ? { kind: "network", message: "the stream ended in the middle of a line", code: null } : null);
    });
    response.on("error", (error) => settle(networkFailure(error)));
    response.on("close", () => settle({ kind: "network", message: "the connection closed", code: null }));
  });
