import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { createServiceEvents, type ServiceEvents } from "../../src/generator/events/service-events.ts";
import { createMetrics } from "../../src/generator/metrics.ts";
import type { KubeClient, KubeRequest } from "../../src/kube/client.ts";
import { type Clock, systemClock } from "../../src/kube/clock.ts";
import { createKubeClient } from "../../src/kube/https-client.ts";
import { loadKubeAccess } from "../../src/kube/kube-config.ts";
import { configure } from "../../src/nginx/configuration.ts";
import type { Problem } from "../../src/routes/problem.ts";
import type { Route } from "../../src/routes/route.ts";
import { readService } from "../../src/routes/service.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";
import { type RunningProgram, startProgram } from "../support/program.ts";
import { kubeconfigFor, type TestApiServer } from "../support/test-apiserver.ts";
import { waitFor } from "../support/wait.ts";

/** An Event as events.k8s.io/v1 has it. */
export interface StoredEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly regarding: Readonly<Record<string, string>>;
  readonly note: string;
  readonly type: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

export const eventsPath = (namespace: string): string => `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;

export const eventsIn = async (server: TestApiServer, namespace = "default"): Promise<readonly StoredEvent[]> => {
  const { items } = (await server.request("GET", eventsPath(namespace))).json() as { items: readonly StoredEvent[] };
  return items.filter(({ reportingController }) => reportingController === "hotroute.io/generator");
};

/** The Events on one Service of `default`. */
export const eventsOf = async (server: TestApiServer, name: string): Promise<readonly StoredEvent[]> =>
  (await eventsIn(server)).filter(({ regarding }) => regarding.name === name);

export const waitForEvents = (server: TestApiServer, name: string, count: number): Promise<readonly StoredEvent[]> =>
  waitFor(`${count} Events on ${name}`, async () => {
    const events = await eventsOf(server, name);
    return events.length === count ? events : null;
  });

export const uidOfService = async (server: TestApiServer, name: string): Promise<string> => {
  const { metadata } = (await server.request("GET", `/api/v1/namespaces/default/services/${name}`)).json() as {
    metadata: { uid: string };
  };
  return metadata.uid;
};

export const problemOf = (name: string, value = "x_y", namespace = "default"): Problem => ({
  service: { namespace, name },
  reason: "InvalidValue",
  key: "hotroute.io/port",
  value,
  message: "expected a port's number or name",
});

const options = readSettings({}, readRoutingSettings).configuration;
/** The routes of Services of `default`, by name, each with a value of the key `host`. */
export const routesOf = (hosts: Readonly<Record<string, string>>): readonly Route[] =>
  configure(
    Object.entries(hosts).flatMap(([name, host]) => {
      const annotations = { "hotroute.io/host": host };
      const metadata = { namespace: "default", name, uid: name, annotations };
      const spec = { clusterIP: "10.0.0.1", ports: [{ port: 80 }] };
      return readService({ metadata, spec }, "hotroute.io/") ?? [];
    }),
    options,
  ).routes;

/** The poster of a generator, with a client of its own to a real server. */
export interface RunningEvents {
  readonly events: ServiceEvents;
  /** The requests that were sent, and when, in monotonic milliseconds. */
  readonly sent: readonly { readonly request: KubeRequest; readonly atMs: number }[];
  readonly log: readonly Readonly<Record<string, unknown>>[];
  result(name: "created" | "exists" | "series" | "failed" | "denied"): Promise<number>;
  stop(): Promise<void>;
}

export interface EventsSettings {
  readonly clock?: Clock;
  readonly wallNowMs?: () => number;
  readonly kubeconfigPath?: string;
}

export const runEvents = async (server: TestApiServer, settings: EventsSettings = {}): Promise<RunningEvents> => {
  const client = createKubeClient(
    await loadKubeAccess({ KUBECONFIG: settings.kubeconfigPath ?? server.kubeconfigPath }),
  );
  const sent: { request: KubeRequest; atMs: number }[] = [];
  // The client itself, with a note of what passes.
  const noted: KubeClient = {
    ...client,
    request: (request) => {
      sent.push({ request, atMs: performance.now() });
      return client.request(request);
    },
  };
  const log: Readonly<Record<string, unknown>>[] = [];
  const metrics = createMetrics();
  const events = createServiceEvents({
    client: noted,
    uidOf: ({ name }) => `uid-of-${name}`,
    instance: "pod-1",
    metrics,
    log: pino({ level: "debug", base: {} }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    clock: settings.clock ?? systemClock,
    wallNowMs: settings.wallNowMs ?? Date.now,
  });
  return {
    events,
    sent,
    log,
    result: async (name) => {
      const { values } = await metrics.serviceEvents.get();
      return values.find(({ labels }) => labels.result === name)?.value ?? Number.NaN;
    },
    stop: async () => {
      await events.stop();
      client.close();
    },
  };
};

/** A kubeconfig for a user who has no rights but those that RBAC gives. */
export const writeUserKubeconfig = async (server: TestApiServer, user: string, folder: string): Promise<string> => {
  const config = JSON.parse(kubeconfigFor(server)) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { ...entry.user, as: user };
  const path = join(folder, `${user}.kubeconfig`);
  await writeFile(path, JSON.stringify(config));
  return path;
};

/** Lets a user do this in all namespaces. */
export const allow = async (
  server: TestApiServer,
  user: string,
  rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[],
): Promise<void> => {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const role = { metadata: { name: user }, rules };
  const made = await server.request("POST", `${rbac}/clusterroles`, { body: role });
  if (made.status === 409) await server.request("PUT", `${rbac}/clusterroles/${user}`, { body: role });
  await server.request("POST", `${rbac}/clusterrolebindings`, {
    body: {
      metadata: { name: user },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: user },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
    },
  });
};

export interface RunningGenerator {
  readonly program: RunningProgram;
  readonly run: string;
  text(): Promise<string>;
  /** `hotroute_service_events_total` of a result. */
  result(name: string): Promise<number>;
}

export const startGenerator = async (
  kubeconfigPath: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningGenerator> => {
  const home = await mkdtemp(join(tmpdir(), "hotroute-events-"));
  const run = join(home, "run");
  await mkdir(run);
  const program = startProgram("generator", {
    KUBECONFIG: kubeconfigPath,
    CONFIG_DIR: join(home, "conf.d"),
    RUN_DIR: run,
    GENERATOR_LISTEN: "127.0.0.1:0",
    COMPARE_INTERVAL_MS: "200",
    HOSTNAME: "hotroute-abc12",
    LOG_LEVEL: "debug",
    ...environment,
  });
  const { port } = await program.waitForLog("watching Services");
  return {
    program,
    run,
    text: () => readFile(join(home, "conf.d", "default.conf"), "utf8"),
    result: async (name) => {
      const body = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
      const found = new RegExp(`^hotroute_service_events_total\\{result="${name}"\\} (\\d+)$`, "m").exec(body);
      return Number(found?.[1]);
    },
  };
};
