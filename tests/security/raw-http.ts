import { connect } from "node:net";

/**
 * Sends bytes as they are, and gives all that comes back until the server closes.
 *
 * @throws Error when the server has not closed within 10 s
 */
export const exchange = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let answer = "";
    const deadline = setTimeout(() => socket.destroy(new Error(`not closed within 10 s: ${answer}`)), 10_000);
    const finish = (): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => socket.write(text, "latin1"));
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    socket.on("end", finish);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // A server that refuses what it was sent may reset what it did not read.
      if (error.code === "ECONNRESET" || error.code === "EPIPE") return finish();
      clearTimeout(deadline);
      reject(error);
    });
  });

/** The status of each answer, in order. */
export const statuses = (answer: string): readonly number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
