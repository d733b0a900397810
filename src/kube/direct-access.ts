import { readFile } from "node:fs/promises";
import type { KubeAccess, KubeCredentials } from "./access.ts";
import { createAgentSource } from "./agent.ts";

/** Bytes that are known, or a file that holds them and may be rotated. */
export type Material =
  | { readonly kind: "data"; readonly data: Buffer }
  | { readonly kind: "file"; readonly path: string };

/** Access that needs nothing but files: a token, a client certificate, a password, or none of them. */
export interface DirectAccessOptions {
  readonly source: string;
  readonly server: string;
  readonly namespace: string | null;
  readonly ca: Material | null;
  readonly cert: Material | null;
  readonly key: Material | null;
  readonly serverName: string | null;
  readonly verify: "certificate" | "nothing";
  readonly token: Material | null;
  readonly basic: { readonly username: string; readonly password: string } | null;
  /** Impersonation headers, where the user asks for them. */
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** @throws Error naming the file, when it cannot be read */
export const readMaterial = (material: Material): Promise<Buffer> =>
  material.kind === "data" ? Promise.resolve(material.data) : readFile(material.path);

const readOptional = (material: Material | null): Promise<Buffer | null> =>
  material === null ? Promise.resolve(null) : readMaterial(material);

const authorization = async (options: DirectAccessOptions): Promise<Record<string, string>> => {
  if (options.token !== null) {
    // Read for every request: requests are few, and the kubelet replaces the file while the old token still holds.
    const token = (await readMaterial(options.token)).toString("utf8").trim();
    if (token === "")
      throw new Error(`the token is empty${options.token.kind === "file" ? `: ${options.token.path}` : ""}`);
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error("the token has characters that no HTTP header may carry");
    return { authorization: `Bearer ${token}` };
  }
  if (options.basic === null) return {};
  const { username, password } = options.basic;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
};

/** Access whose files are read anew for each request; nothing is read until then. */
export const createDirectAccess = (options: DirectAccessOptions): KubeAccess => {
  const agents = createAgentSource(options.server);
  const { serverName, verify } = options;
  return {
    source: options.source,
    server: options.server,
    namespace: options.namespace,
    credentials: async (): Promise<KubeCredentials> => {
      const [ca, cert, key, auth] = await Promise.all([
        readOptional(options.ca),
        readOptional(options.cert),
        readOptional(options.key),
        authorization(options),
      ]);
      return {
        agent: agents.agentFor({ ca, cert, key, serverName, verify }),
        headers: { ...options.headers, ...auth },
      };
    },
    renew: () => Promise.resolve(),
    close: agents.close,
  };
};
