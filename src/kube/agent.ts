import { createHash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

/** What a TLS connection to the API server is made with; null where the platform's default holds. */
export interface TlsMaterial {
  /** PEM; null: the root certificates that Node brings. */
  readonly ca: Buffer | string | null;
  /** Client certificate and key, PEM. */
  readonly cert: Buffer | string | null;
  readonly key: Buffer | string | null;
  /** Name to verify in the server's certificate instead of the URL's host. */
  readonly serverName: string | null;
  readonly verify: "certificate" | "nothing";
}

/** Gives the one agent for the TLS settings of the moment. */
export interface AgentSource {
  /** The same agent for the same bytes; after a change of certificates a new one, and the old one's idle sockets close. */
  agentFor(material: TlsMaterial): HttpAgent;
  close(): void;
}

const KEEP_ALIVE_PROBE_MS = 30_000;

const fingerprint = (material: TlsMaterial): string => {
  const hash = createHash("sha256");
  for (const part of [material.ca, material.cert, material.key, material.serverName, material.verify]) {
    hash.update(part === null ? "-" : `${part.length}:`).update(part ?? "");
  }
  return hash.digest("base64");
};

const createAgent = (secure: boolean, material: TlsMaterial): HttpAgent => {
  const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, maxFreeSockets: 2 };
  if (!secure) return new HttpAgent(options);
  return new HttpsAgent({
    ...options,
    ...(material.ca === null ? {} : { ca: material.ca }),
    ...(material.cert === null ? {} : { cert: material.cert }),
    ...(material.key === null ? {} : { key: material.key }),
    ...(material.serverName === null ? {} : { servername: material.serverName }),
    rejectUnauthorized: material.verify === "certificate",
  });
};

/** Closes the kept-alive connections that carry no request; a watch that still runs over the old certificates may end. */
const closeIdle = (agent: HttpAgent): void => {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
};

/** @param server URL; its scheme decides between TLS and none */
export const createAgentSource = (server: string): AgentSource => {
  const secure = server.startsWith("https:");
  let current: { readonly print: string; readonly agent: HttpAgent } | null = null;
  return {
    agentFor: (material) => {
      const print = fingerprint(material);
      if (current?.print === print) return current.agent;
      if (current !== null) closeIdle(current.agent);
      current = { print, agent: createAgent(secure, material) };
      return current.agent;
    },
    close: () => current?.agent.destroy(),
  };
};
