/** Where a command writes: the process's own, or a test's. */
export interface Streams {
  /** Resolves when it is written, or nobody reads it any more. */
  out(text: string): Promise<void>;
  err(text: string): Promise<void>;
}

const writeTo = (stream: NodeJS.WriteStream): ((text: string) => Promise<void>) => {
  // `hotroute render | head` closes the pipe early: no fault of anybody's.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return (text) => new Promise((resolve) => stream.write(text, () => resolve()));
};

/** The process's standard output and standard error. */
export const processStreams = (): Streams => ({ out: writeTo(process.stdout), err: writeTo(process.stderr) });
