import { createServer } from "node:net";
import { ProgramError } from "../ops/program.ts";

/** A port to listen on, and whether it is the one that was asked for. */
export interface ChosenPort {
  readonly port: number;
  readonly isPreferred: boolean;
}

const tryListen = (host: string, port: number): Promise<number | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve(bound));
    });
  });

/**
 * Finds a free port on a loopback address: the preferred one, else whichever the kernel gives.
 *
 * @param preferred 0 when any will do
 * @throws ProgramError when not even that can be had
 */
export const choosePort = async (host: string, preferred: number): Promise<ChosenPort> => {
  const port = (await tryListen(host, preferred)) ?? (await tryListen(host, 0));
  if (port === null) throw new ProgramError(`cannot listen on ${host}: is the loopback interface up?`);
  return { port, isPreferred: preferred === 0 || port === preferred };
};
