import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";

export interface ApiRequestOptions {
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Default application/json where there is a body. */
  readonly contentType?: string;
  /** Default application/json. */
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** @throws SyntaxError where the body is not JSON. */
  json(): unknown;
}

/** One API server for a test: the embedded one or a real kube-apiserver, in the same shape. */
export interface TestApiServer {
  readonly kind: "embedded" | "kube-apiserver";
  /** https://127.0.0.1:PORT or http://127.0.0.1:PORT */
  readonly url: string;
  /** A file that kubectl and @kubernetes/client-node accept. */
  readonly kubeconfigPath: string;
  readonly token: string | null;
  readonly caPem: string | null;
  /** One request on a connection of its own, with the token; the answer is read to its end. */
  request(method: string, path: string, options?: ApiRequestOptions): Promise<ApiAnswer>;
  /** Ends the server and everything that it started; a second call does nothing. */
  stop(): Promise<void>;
}

export interface ApiEndpoint {
  readonly url: string;
  readonly token: string | null;
  readonly caPem: string | null;
}

/** Sends one request and reads the whole answer. @throws Error when no answer comes within 30 s. */
export const requestOnce = (
  endpoint: ApiEndpoint,
  method: string,
  path: string,
  options: ApiRequestOptions = {},
): Promise<ApiAnswer> =>
  new Promise((resolve, reject) => {
    const { body } = options;
    const payload = body === undefined ? null : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const secure = endpoint.url.startsWith("https:");
    const headers: Record<string, string> = {
      accept: options.accept ?? "application/json",
      ...(endpoint.token === null ? {} : { authorization: `Bearer ${endpoint.token}` }),
      ...(payload === null
        ? {}
        : { "content-type": options.contentType ?? "application/json", "content-length": String(payload.length) }),
      ...options.headers,
    };
    const send = secure ? httpsRequest : httpRequest;
    const tls = endpoint.caPem === null ? {} : { ca: endpoint.caPem };
    const sent = send(
      `${endpoint.url}${path}`,
      { method, headers, agent: false, timeout: 30_000, ...tls },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const json = (): unknown => JSON.parse(text);
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, json });
        });
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
    sent.on("error", reject);
    sent.end(payload ?? undefined);
  });

/** A kubeconfig (v1) for one server, as YAML's subset JSON. */
export const kubeconfigFor = (endpoint: ApiEndpoint): string => {
  const trust =
    endpoint.caPem === null
      ? endpoint.url.startsWith("http:")
        ? { "insecure-skip-tls-verify": true }
        : {}
      : { "certificate-authority-data": Buffer.from(endpoint.caPem).toString("base64") };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: endpoint.url, ...trust } }],
    users: [{ name: "test", user: endpoint.token === null ? {} : { token: endpoint.token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace: "default" } }],
    "current-context": "test",
  };
  return JSON.stringify(config, null, 2);
};
