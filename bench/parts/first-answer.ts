import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const pauseMs = 1;
const connectionTimeoutMs = 5_000;

/** The status of one GET on a connection of its own; null when there was no answer. The body is not waited for. */
export const statusOf = (port: number, host: string, path = "/"): Promise<number | null> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const end = (status: number | null): void => {
      resolve(status);
      socket.destroy();
    };
    socket.setTimeout(connectionTimeoutMs, () => end(null));
    socket.once("connect", () => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    socket.once("data", (chunk: Buffer) => {
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(chunk.toString("latin1"))?.[1];
      end(status === undefined ? null : Number(status));
    });
    socket.once("error", () => end(null));
    socket.once("close", () => resolve(null));
  });

/**
 * Asks again and again until the host is answered with 200.
 *
 * @param fromMs the moment that is counted from (`performance.now()`)
 * @returns milliseconds from then to the answer
 * @throws Error after the deadline
 */
export const timeToFirstAnswer = async (
  port: number,
  host: string,
  fromMs: number,
  { path = "/", deadlineMs = 60_000 }: { readonly path?: string; readonly deadlineMs?: number } = {},
): Promise<number> => {
  while (performance.now() - fromMs < deadlineMs) {
    if ((await statusOf(port, host, path)) === 200) return performance.now() - fromMs;
    await sleep(pauseMs);
  }
  throw new Error(`${host} was not answered on ${port} within ${deadlineMs} ms`);
};
