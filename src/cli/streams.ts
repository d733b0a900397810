import { readSync } from "node:fs";

/** Where a command writes: the process's own, or a test's. */
export interface Streams {
  /** Resolves when it is written, or nobody reads it any more; rejects where there is no space left, and the like. */
  out(text: string): Promise<void>;
  err(text: string): Promise<void>;
}

const writeTo = (stream: NodeJS.WriteStream, name: string): ((text: string) => Promise<void>) => {
  // Each write hears of its own error; without a listener it would end the process as well.
  stream.on("error", () => undefined);
  return (text) =>
    new Promise((resolve, reject) => {
      stream.write(text, (cause: NodeJS.ErrnoException | null | undefined) => {
        // `hotroute render | head` closes the pipe early: no fault of anybody's.
        if (cause == null || cause.code === "EPIPE") resolve();
        else reject(new Error(`cannot write ${name}`, { cause }));
      });
    });
};

/** The process's standard output and standard error. */
export const processStreams = (): Streams => ({
  out: writeTo(process.stdout, "standard output"),
  err: writeTo(process.stderr, "standard error"),
});

const standardInput = 0;
const retryMs = 5;

const readChunk = (chunk: Buffer): number => {
  for (;;) {
    try {
      return readSync(standardInput, chunk);
    } catch (error) {
      // Whoever shares the pipe may have made it non-blocking, and then a slow writer is an error.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
};

/** All of standard input, however slowly it comes. */
export const readStandardInput = (): Buffer => {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(64 * 1024);
  for (let length = readChunk(chunk); length > 0; length = readChunk(chunk)) {
    chunks.push(Buffer.from(chunk.subarray(0, length)));
  }
  return Buffer.concat(chunks);
};
