import {
  type Fault,
  type FaultyIntermediary,
  type SeenRequest,
  startFaultyIntermediary,
} from "./faulty-intermediary.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import { kubeconfigFor, type TestApiServer } from "./test-apiserver.ts";

/** The way to an API server, with faults of the connection and of the answers. */
export interface FaultyApi {
  /** A kubeconfig's text for it; it needs no credentials. */
  readonly kubeconfig: string;
  readonly way: FaultyIntermediary;
  readonly proxy: FaultyProxy;
  /** Ends every watch of Services, and answers 503 to what is asked of them, until `expire()` or another fault. */
  away(): void;
  /**
   * Ends every watch of Services, and answers each that would go on with 410, until a list was asked for; lists are
   * answered by `list` from then on (null: by the server).
   */
  expire(list?: (request: SeenRequest) => Fault | null): void;
  stop(): Promise<void>;
}

/** The Status object of a failure. */
export const statusBody = (code: number, reason: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason} (made)` });

const unavailable: Fault = { kind: "answer", status: 503, body: statusBody(503, "ServiceUnavailable") };

/** @param server the API server behind */
export const startFaultyApi = async (server: TestApiServer): Promise<FaultyApi> => {
  const proxy = await startFaultyProxy(server.url);
  const way = await startFaultyIntermediary({ ...server, url: proxy.url });
  return {
    kubeconfig: kubeconfigFor({ url: way.url, token: null, caPem: null }),
    way,
    proxy,
    away: () => {
      way.setFault(({ path }) => (path.endsWith("/services") ? unavailable : null));
      way.cutWatches();
    },
    expire: (list = () => null) => {
      const listed = new Set<string>();
      way.setFault((request) => {
        if (!request.path.endsWith("/services")) return null;
        if (request.watch) {
          return listed.has(request.path) ? null : { kind: "answer", status: 410, body: statusBody(410, "Expired") };
        }
        listed.add(request.path);
        return list(request);
      });
      way.cutWatches();
    },
    stop: async () => {
      await way.stop();
      await proxy.stop();
    },
  };
};
