import { request } from "node:http";
import type { KubeClient } from "../kube/client.ts";
import { describeFailure } from "../kube/failure-text.ts";
import { resourcePath, SERVICES } from "../kube/resource.ts";
import { ProgramError } from "../ops/program.ts";

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

/**
 * Asks nginx until its answer is as wanted.
 *
 * @returns how long it took, in milliseconds
 * @throws ProgramError after `deadlineMs`, with the last answer
 */
export const waitForAnswer = async (
  port: number,
  host: string,
  isWanted: (answer: Answer) => boolean,
  deadlineMs: number,
): Promise<number> => {
  const startMs = performance.now();
  let last: Answer | null = null;
  while (performance.now() - startMs < deadlineMs) {
    last = await ask(port, host);
    if (last !== null && isWanted(last)) return performance.now() - startMs;
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
  /** Whether the Services have backends here: with a cluster's API alone, nginx may have nobody to pass a request to. */
  readonly hasBackends: boolean;
}

const deadlineMs = 30_000;
const namespace = "default";

const must = async (
  client: KubeClient,
  what: string,
  ...[request_]: Parameters<KubeClient["request"]>
): Promise<void> => {
  const result = await client.request(request_);
  if (!result.ok) throw new ProgramError(`could not ${what}: ${describeFailure(result.failure)}`);
};

/**
 * The main job, unattended: creates a Service that nothing routes, labels it through the API, waits until nginx
 * answers by it, takes it away again, and waits until nginx has forgotten it.
 *
 * @returns milliseconds from the label's request to the first answer
 * @throws ProgramError with the reason
 */
export const runSmoke = async ({ client, httpPort, hasBackends }: SmokeOptions): Promise<number> => {
  const name = `hotroute-smoke-${process.pid}`;
  const host = `${name}.localhost`;
  const path = resourcePath(SERVICES, namespace, name);
  await must(client, "create a Service", {
    method: "POST",
    path: resourcePath(SERVICES, namespace),
    body: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { ports: [{ name: "http", port: 8000, protocol: "TCP" }] },
    },
  });
  try {
    await waitForAnswer(httpPort, host, ({ status }) => status === 404, deadlineMs);
    const startMs = performance.now();
    await must(client, "label the Service", {
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { metadata: { labels: { "hotroute.io/expose": "true", "hotroute.io/host": host } } },
    });
    const isRouted = hasBackends
      ? ({ backend }: Answer) => backend === `${namespace}/${name}`
      : ({ status }: Answer) => status !== 404;
    await waitForAnswer(httpPort, host, isRouted, deadlineMs);
    const tookMs = performance.now() - startMs;
    await must(client, "delete the Service", { method: "DELETE", path });
    await waitForAnswer(httpPort, host, ({ status }) => status === 404, deadlineMs);
    return tookMs;
  } finally {
    // Nothing of a failed run stays behind in somebody's cluster.
    await client.request({ method: "DELETE", path });
  }
};
