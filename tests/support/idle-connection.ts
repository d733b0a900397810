import { connect, type Socket } from "node:net";

/** A connection whose only request was answered, and which neither end has closed. */
export interface IdleConnection {
  isOpen(): boolean;
  /** Resolves when the server closes it. */
  readonly closed: Promise<void>;
  close(): void;
}

const ask = (socket: Socket, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", () => resolve());
    socket.once("close", () => reject(new Error("the connection was closed before the answer")));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  });

/** Opens one to a port of 127.0.0.1; the answer to `path` must fit into one packet. */
export const openIdleConnection = async (port: number, path: string): Promise<IdleConnection> => {
  const socket = connect({ host: "127.0.0.1", port });
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isOpen = false;
      resolve();
    });
  });
  await ask(socket, path);
  socket.on("error", () => socket.destroy());
  socket.on("data", () => {});
  return { isOpen: () => isOpen, closed, close: () => socket.destroy() };
};
