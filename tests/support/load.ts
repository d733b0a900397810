/** How one request of a load ended. */
export type Ending =
  | { readonly kind: "answered" }
  /** The server said of it, before anything was done for it, that it never will be: it may be sent again, whatever it is. */
  | { readonly kind: "unprocessed" }
  | { readonly kind: "failed"; readonly reason: string };

/** What a load did. */
export interface Tally {
  readonly answered: number;
  /** Requests that the server gave back unprocessed; each was sent again, and counts again by how that ended. */
  readonly unprocessed: number;
  /** Why each of the others failed. */
  readonly failures: readonly string[];
}

/** Clients that ask one thing after the other, without a pause, until they are stopped. */
export interface Load {
  tally(): Tally;
  /** Lets the requests in flight end. */
  stop(): Promise<Tally>;
}

/** One client: sends a request and says how it ended; never throws. */
export interface LoadClient {
  send(): Promise<Ending>;
  close(): void;
}

/** A request that is tried again more often than this was not just caught by a reload. */
const maxTries = 10;

const sendUntilTaken = async (client: LoadClient, onUnprocessed: () => void): Promise<Ending> => {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const ending = await client.send();
    if (ending.kind !== "unprocessed") return ending;
    onUnprocessed();
  }
  return { kind: "failed", reason: `given back unprocessed ${maxTries} times` };
};

/** Starts a load of these clients. What failed is not tried again. */
export const startLoad = (clients: readonly LoadClient[]): Load => {
  let isOver = false;
  let answered = 0;
  let unprocessed = 0;
  const failures: string[] = [];
  const run = async (client: LoadClient): Promise<void> => {
    while (!isOver) {
      const ending = await sendUntilTaken(client, () => {
        unprocessed += 1;
      });
      if (ending.kind === "failed") failures.push(ending.reason);
      else answered += 1;
    }
    client.close();
  };
  const running = Promise.all(clients.map(run));
  const tally = (): Tally => ({ answered, unprocessed, failures: [...failures] });
  return {
    tally,
    stop: async () => {
      isOver = true;
      await running;
      return tally();
    },
  };
};
