import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { resourcePath, SERVICES } from "../kube/resource.ts";
import { ProgramError } from "../ops/program.ts";
import { readService } from "../routes/service.ts";
import { whenAborted } from "./abort.ts";
import type { Cleanup } from "./cleanup.ts";

/** What one request through nginx brought. */
export interface Answer {
  readonly status: number;
  /** Which backend answered; null when none did. */
  readonly backend: string | null;
}

/** One request to nginx on a connection of its own; null when nobody listens. */
export const ask = (port: number, host: string): Promise<Answer | null> =>
  new Promise((resolve) => {
    const sent = request(
      { host: "127.0.0.1", port, path: "/", headers: { host }, agent: false, timeout: 5000 },
      (answer) => {
        const backend = answer.headers["x-backend"];
        answer.resume();
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, backend: typeof backend === "string" ? backend : null }),
        );
        answer.on("error", () => resolve(null));
      },
    );
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(null));
    sent.end();
  });

export interface AnswerWait {
  readonly port: number;
  readonly host: string;
  /** Left out: any answer. */
  readonly isWanted?: (answer: Answer) => boolean;
  readonly deadlineMs: number;
  /** Ends the wait early. */
  readonly stop: AbortSignal;
}

/**
 * Asks nginx until its answer is as wanted.
 *
 * @returns the answer
 * @throws ProgramError after `deadlineMs`, with the last answer; the reason of `stop` when that is aborted
 */
export const waitForAnswer = async (wait: AnswerWait): Promise<Answer> => {
  const { port, host, isWanted = () => true, deadlineMs, stop } = wait;
  const startMs = performance.now();
  let last: Answer | null = null;
  while (performance.now() - startMs < deadlineMs) {
    stop.throwIfAborted();
    last = await ask(port, host);
    if (last !== null && isWanted(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const said = last === null ? "nothing" : `status ${last.status}${last.backend === null ? "" : ` by ${last.backend}`}`;
  throw new ProgramError(
    `nginx did not answer for ${host} as it should within ${deadlineMs} ms: the last answer was ${said}`,
  );
};

export interface SmokeOptions {
  readonly client: KubeClient;
  readonly httpPort: number;
  /** Takes the step that removes the Service, however the run ends. */
  readonly cleanup: Cleanup;
  readonly stop: AbortSignal;
  /** Told when the Service could not be removed: it is in somebody's cluster. */
  readonly onLeft: (text: string) => void;
}

const deadlineMs = 30_000;
/** A person who pressed Ctrl-C waits for no API server longer than that. */
const removeTimeoutMs = 5_000;
const namespace = "default";

/** The Service of one run, which nothing routes yet. */
interface SmokeService {
  readonly key: string;
  readonly host: string;
  readonly path: string;
  /** Whether something answers behind it here: a cluster's own ClusterIPs may lead nowhere from this machine. */
  readonly hasBackend: boolean;
}

const must = async (
  client: KubeClient,
  what: string,
  ...[request_]: Parameters<KubeClient["request"]>
): Promise<unknown> => {
  const result = await client.request(request_);
  if (!result.ok) throw new ProgramError(`could not ${what}: ${describeFailure(result.failure)}`);
  return result.body;
};

const createSmokeService = async ({ client, cleanup, onLeft }: SmokeOptions): Promise<SmokeService> => {
  const name = `hotroute-smoke-${process.pid}-${randomBytes(3).toString("hex")}`;
  const path = resourcePath(SERVICES, namespace, name);
  const created = must(client, "create a Service", {
    method: "POST",
    path: resourcePath(SERVICES, namespace),
    query: { fieldManager: "hotroute-smoke" },
    body: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { ports: [{ name: "http", port: 8000, protocol: "TCP" }] },
    },
  });
  cleanup.add(async () => {
    const signal = AbortSignal.timeout(removeTimeoutMs);
    // Not before it is there, or it would come after.
    await Promise.race([created.catch(() => undefined), whenAborted(signal)]);
    const result = await client.request({ method: "DELETE", path, signal });
    if (result.ok || result.failure.kind === "notFound") return;
    onLeft(`Service ${namespace}/${name} may still be there: ${describeFailure(result.failure)}`);
  });
  const service = readService(await created, "hotroute.io/");
  return {
    key: `${namespace}/${name}`,
    host: `${name}.localhost`,
    path,
    hasBackend: service?.clusterIP.startsWith("127.") ?? false,
  };
};

/**
 * The main job, unattended: creates a Service that nothing routes, labels it through the API, waits until nginx
 * answers by it, takes it away again, and waits until nginx has forgotten it.
 *
 * @returns milliseconds from the label's request to the first answer
 * @throws ProgramError with the reason
 */
export const runSmoke = async (options: SmokeOptions): Promise<number> => {
  const { client, httpPort, stop } = options;
  const { key, host, path, hasBackend } = await createSmokeService(options);
  const wait = (isWanted: (answer: Answer) => boolean): Promise<Answer> =>
    waitForAnswer({ port: httpPort, host, isWanted, deadlineMs, stop });
  const before = await wait(() => true);
  if (!hasBackend && before.status !== 404) {
    throw new ProgramError(
      `a Service of this cluster answers every host (status ${before.status}): nothing tells another one's answer from it`,
    );
  }
  const isRouted = ({ backend, status }: Answer): boolean => (hasBackend ? backend === key : status !== 404);
  stop.throwIfAborted();
  const startMs = performance.now();
  await must(client, "label the Service", {
    method: "PATCH",
    path,
    query: { fieldManager: "hotroute-smoke" },
    contentType: "application/merge-patch+json",
    body: { metadata: { labels: { "hotroute.io/expose": "true", "hotroute.io/host": host } } },
  });
  await wait(isRouted);
  const tookMs = performance.now() - startMs;
  await must(client, "delete the Service", { method: "DELETE", path });
  await wait((answer) => !isRouted(answer));
  return tookMs;
};
