import { createServer, type Server } from "node:net";

/** A backend that reads bytes, not HTTP: what nginx sent is told apart from what a server would make of it. */
export interface ByteBackend {
  readonly server: Server;
  /** What came on each connection so far. */
  readonly received: string[];
}

/** Answers each head of a request with its name and the number of the connection. */
export const startByteBackend = async (address: string, port: number, name: string): Promise<ByteBackend> => {
  const received: string[] = [];
  const server = createServer((socket) => {
    const index = received.push("") - 1;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      received[index] += chunk.toString("latin1");
      const body = `${name} ${index}`;
      if (chunk.includes("\r\n\r\n")) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
  return { server, received };
};

/** Every request line that the backend was sent. */
export const requestLines = ({ received }: ByteBackend): readonly string[] =>
  received.flatMap((text) => text.match(/^[A-Z]+ \S+ HTTP\/1\.[01]$/gm) ?? []);
/** The values that the backend was sent under this name. */
export const headerOf = ({ received }: ByteBackend, header: string): readonly string[] =>
  received.flatMap((text) =>
    [...text.matchAll(new RegExp(`^${header}: *(.*)$`, "gim"))].map(([, value = ""]) => value.trim()),
  );
