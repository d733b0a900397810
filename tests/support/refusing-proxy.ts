import { createServer, request as httpRequest, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { kubeconfigFor, type TestApiServer } from "./test-apiserver.ts";

/** A plain HTTP proxy before an API server, which answers for it in chosen namespaces. */
export interface RefusingProxy {
  /** A kubeconfig's text for the proxy; it needs no credentials. */
  readonly kubeconfig: string;
  /** Answers what is asked of a namespace with this status from now on, and cuts its watches; null: the server answers. */
  answer(namespace: string, status: 403 | 503 | null): void;
  stop(): Promise<void>;
}

const statusBody = (status: number): string =>
  JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message: `answered ${status} by the test`,
    code: status,
  });

const namespaceOf = (url: string): string | null => /\/namespaces\/([^/?]+)\//.exec(url)?.[1] ?? null;

export const startRefusingProxy = async (server: TestApiServer): Promise<RefusingProxy> => {
  const statuses = new Map<string, number>();
  const open = new Map<ServerResponse, string | null>();
  const send = server.url.startsWith("https:") ? httpsRequest : httpRequest;
  const listener = createServer((asked, answer) => {
    const namespace = namespaceOf(asked.url ?? "");
    const status = namespace === null ? undefined : statuses.get(namespace);
    if (status !== undefined) {
      answer.writeHead(status, { "content-type": "application/json" }).end(statusBody(status));
      return;
    }
    open.set(answer, namespace);
    const headers = {
      ...asked.headers,
      host: new URL(server.url).host,
      ...(server.token === null ? {} : { authorization: `Bearer ${server.token}` }),
    };
    const tls = server.caPem === null ? {} : { ca: server.caPem };
    const onward = send(`${server.url}${asked.url}`, { method: asked.method, headers, agent: false, ...tls }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      // A watch that has nothing to say yet is open nevertheless.
      answer.flushHeaders();
      got.pipe(answer);
      got.on("error", () => answer.destroy());
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => {
      open.delete(answer);
      onward.destroy();
    });
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo; // listening on TCP: neither null nor a path
  return {
    kubeconfig: kubeconfigFor({ url: `http://127.0.0.1:${port}`, token: null, caPem: null }),
    answer: (namespace, status) => {
      if (status === null) statuses.delete(namespace);
      else statuses.set(namespace, status);
      for (const [answer, of] of open) if (of === namespace) answer.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
};
