import { connect } from "node:net";

/** What a path of nginx's own server answered: the body of a 200, or null for anything else. */
export type SocketAnswer = string | null;

const maxAnswerBytes = 64 * 1024;

const bodyOf = (answer: string): SocketAnswer => {
  const end = answer.indexOf("\r\n\r\n");
  return end >= 0 && /^HTTP\/1\.[01] 200 /.test(answer) ? answer.slice(end + 4) : null;
};

/**
 * Asks nginx's unix socket for a path. HTTP/1.0, so that the answer ends with the connection and none is kept alive,
 * which would hold an old worker.
 *
 * @param timeoutMs for the whole of it
 * @returns null also when the socket does not answer; never throws
 */
export const askSocket = (socketPath: string, path: string, timeoutMs: number): Promise<SocketAnswer> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const end = (answer: SocketAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), timeoutMs);
    socket.on("data", (chunk) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxAnswerBytes) end(null);
      else chunks.push(chunk);
    });
    socket.on("end", () => end(bodyOf(Buffer.concat(chunks).toString("latin1"))));
    socket.on("error", () => end(null));
    socket.on("close", () => end(null));
    socket.write(`GET ${path} HTTP/1.0\r\nHost: hotroute\r\n\r\n`);
  });
