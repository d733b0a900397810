import type { Agent } from "node:http";

/** What one request needs beside its path. */
export interface KubeCredentials {
  /** Keep-alive agent with the TLS settings in it; the same object until those change. */
  readonly agent: Agent;
  /** `Authorization` and impersonation headers. */
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** How to reach one API server, and as whom. Made by `loadKubeAccess`. */
export interface KubeAccess {
  /** Where it was found: `in-cluster`, or the kubeconfig's path. */
  readonly source: string;
  /** Scheme, host, port and base path; never ends with a slash. */
  readonly server: string;
  /** The namespace hotroute runs in (in-cluster), or that of the kubeconfig's context; null where neither says. */
  readonly namespace: string | null;
  /**
   * Fresh for each request: token, CA and certificate files are read anew, so that their rotation needs no restart.
   * @throws Error when there are none (a file is gone, an exec plugin failed); may work later
   */
  credentials(): Promise<KubeCredentials>;
  /** Forgets whatever is remembered (an exec plugin's token): called after a 401. */
  renew(): Promise<void>;
  /** Closes idle connections and those in use. */
  close(): void;
}

/** Thrown when no access can be loaded; the message says on one line what is wrong, where, and what to do. */
export class KubeConfigError extends Error {
  override readonly name = "KubeConfigError";
}
