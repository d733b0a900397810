import { request } from "node:http";
import type { Duplex } from "node:stream";

/** An upgraded connection through nginx to a backend that says back what it is told. */
export interface OpenWebSocket {
  /** Says something, and resolves with what comes back; rejects when the connection is closed. */
  echo(text: string): Promise<string>;
  isOpen(): boolean;
  /** Resolves when it is closed, by whomever. */
  readonly closed: Promise<void>;
  close(): void;
}

const control = (socket: Duplex): OpenWebSocket => {
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isOpen = false;
      resolve();
    });
  });
  // A cut is told by its close.
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.destroy());
  socket.resume();
  return {
    isOpen: () => isOpen,
    closed,
    echo: (text) =>
      new Promise((resolve, reject) => {
        if (!isOpen) return reject(new Error("the connection is closed"));
        socket.once("data", (data: Buffer) => resolve(data.toString()));
        void closed.then(() => reject(new Error("the connection was closed")));
        socket.write(text);
      }),
    close: () => socket.destroy(),
  };
};

/** Opens one on a port of 127.0.0.1. */
export const openWebSocket = (port: number, path = "/", host = "localhost"): Promise<OpenWebSocket> =>
  new Promise((resolve, reject) => {
    const headers = { host, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
    const sent = request({ host: "127.0.0.1", port, path, headers, agent: false });
    sent.on("upgrade", (_answer, socket) => resolve(control(socket)));
    sent.on("response", (answer) => reject(new Error(`no upgrade, but ${answer.statusCode}`)));
    sent.on("error", reject);
    sent.end();
  });
