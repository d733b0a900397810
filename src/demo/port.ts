import { createServer } from "node:net";
import { ProgramError } from "../ops/program.ts";
import type { DemoConfig } from "./config.ts";

/** A port to listen on, and whether it is the one that was asked for. */
export interface ChosenPort {
  readonly port: number;
  readonly isPreferred: boolean;
}

/** The ports that the Pod's programs listen on. */
export interface DemoPorts {
  readonly http: number;
  readonly generator: number;
  readonly reloader: number;
  /** What was asked for and was taken, each as a sentence. */
  readonly notes: readonly string[];
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

// Below those that the kernel gives to outgoing connections, one of which could take it before nginx does.
const firstPort = 20_000;
const portCount = 12_000;

const tryAny = async (host: string): Promise<number | null> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = await tryListen(host, firstPort + Math.floor(Math.random() * portCount));
    if (port !== null) return port;
  }
  return tryListen(host, 0);
};

/**
 * Finds a free port on a loopback address: the preferred one, else any.
 *
 * @param preferred 0 when any will do
 * @throws ProgramError when not even that can be had
 */
export const choosePort = async (host: string, preferred: number): Promise<ChosenPort> => {
  const port = (preferred === 0 ? null : await tryListen(host, preferred)) ?? (await tryAny(host));
  if (port === null) throw new ProgramError(`cannot listen on ${host}: is the loopback interface up?`);
  return { port, isPreferred: preferred === 0 || port === preferred };
};

/** What a person should know of a port that was taken. */
export const describeTaken = (what: string, preferred: number, port: number, setting: string): string =>
  `port ${preferred} is taken: ${what} on ${port} (${setting} chooses one)`;

/**
 * Chooses the ports of the Pod's programs, each another one.
 *
 * @throws ProgramError when there is none
 */
export const choosePorts = async (config: DemoConfig): Promise<DemoPorts> => {
  const notes: string[] = [];
  const chosen = new Set<number>();
  const choose = async (what: string, preferred: number, setting: string): Promise<number> => {
    let found = await choosePort("127.0.0.1", preferred);
    // Nobody listens yet on those chosen before: two settings may name one port, and the kernel may give one twice.
    while (chosen.has(found.port)) found = { ...(await choosePort("127.0.0.1", 0)), isPreferred: preferred === 0 };
    chosen.add(found.port);
    if (!found.isPreferred) notes.push(describeTaken(what, preferred, found.port, setting));
    return found.port;
  };
  return {
    http: await choose("nginx is", config.httpPort, "DEMO_HTTP_PORT"),
    generator: await choose("the generator's metrics are", config.generatorPort, "DEMO_GENERATOR_PORT"),
    reloader: await choose("the reloader's metrics are", config.reloaderPort, "DEMO_RELOADER_PORT"),
    notes,
  };
};
