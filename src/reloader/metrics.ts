import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { DrainingGenerations } from "./generations.ts";
import { askSocket } from "./socket-http.ts";

/** What the reloader counts. Names and labels are those of the documentation. */
export interface ReloaderMetrics {
  readonly registry: Registry;
  readonly reloads: Counter<"result">;
  readonly reloadDuration: Histogram<"phase">;
  readonly lastSuccess: Gauge;
  readonly lastSuccessful: Gauge;
  readonly changes: Counter;
  readonly revision: Gauge<"revision">;
  readonly watchErrors: Counter;
  readonly watchMissed: Counter;
  readonly workersLost: Counter;
  readonly state: Gauge<"state">;
  readonly nginxUp: Gauge;
}

/** What is asked when a scraper comes. */
export interface MetricsSources {
  /** Workers that accept connections, and workers that drain. */
  readonly workers: () => Promise<{ readonly active: number; readonly draining: number }>;
  /** Generations of workers that drain. */
  readonly generations: () => Promise<DrainingGenerations>;
  /** Where nginx answers `/stub_status`. */
  readonly socketPath: string;
}

const scrapeTimeoutMs = 500;

/** The numbers of nginx's status page. Source: https://nginx.org/en/docs/http/ngx_http_stub_status_module.html */
export interface StubStatus {
  readonly accepted: number;
  readonly handled: number;
  readonly requests: number;
  readonly active: number;
  readonly reading: number;
  readonly writing: number;
  readonly waiting: number;
}

/** Reads the status page; null when it is none. */
export const parseStubStatus = (text: string): StubStatus | null => {
  const pattern =
    /^Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+)\s+Reading: (\d+) Writing: (\d+) Waiting: (\d+)/;
  const match = pattern.exec(text);
  if (match === null) return null;
  const number = (index: number): number => Number(match[index]);
  return {
    active: number(1),
    accepted: number(2),
    handled: number(3),
    requests: number(4),
    reading: number(5),
    writing: number(6),
    waiting: number(7),
  };
};

/** One question answers all metrics of a scrape: they are collected at once. */
const shareWhilePending = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let pending: Promise<T> | null = null;
  return () => {
    pending ??= ask().finally(() => {
      pending = null;
    });
    return pending;
  };
};

const observeNginx = (registry: Registry, sources: MetricsSources): void => {
  const registers = [registry];
  const readStatus = shareWhilePending(async () => {
    const page = await askSocket(sources.socketPath, "/stub_status", scrapeTimeoutMs);
    return page === null ? null : parseStubStatus(page);
  });
  const connections = new Gauge({
    name: "hotroute_nginx_connections",
    help: "Client connections of nginx by what they do (stub_status)",
    labelNames: ["state"],
    registers,
    collect: async () => {
      const status = await readStatus();
      connections.reset();
      if (status === null) return;
      for (const state of ["active", "reading", "writing", "waiting"] as const) {
        connections.set({ state }, status[state]);
      }
    },
  });
  const observeTotal = (name: string, help: string, select: (status: StubStatus) => number): void => {
    const total = new Counter({
      name,
      help,
      registers,
      collect: async () => {
        const status = await readStatus();
        // A counter that falls to 0 and back would be read as a restart, and all requests as new ones.
        if (status === null) return;
        total.reset();
        total.inc(select(status));
      },
    });
  };
  observeTotal("hotroute_nginx_connections_accepted_total", "Connections that nginx accepted", (s) => s.accepted);
  observeTotal("hotroute_nginx_connections_handled_total", "Connections that nginx handled", (s) => s.handled);
  observeTotal("hotroute_nginx_requests_total", "Requests nginx got, the reloader's included", (s) => s.requests);
  const workers = new Gauge({
    name: "hotroute_nginx_workers",
    help: "Worker processes: active ones accept connections, draining ones end with their last",
    labelNames: ["state"],
    registers,
    collect: async () => {
      const { active, draining } = await sources.workers();
      workers.set({ state: "active" }, active);
      workers.set({ state: "draining" }, draining);
    },
  });
};

const observeDraining = (registry: Registry, sources: MetricsSources): void => {
  const look = shareWhilePending(sources.generations);
  const observe = (name: string, help: string, select: (draining: DrainingGenerations) => number): void => {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: async () => gauge.set(select(await look())),
    });
  };
  observe(
    "hotroute_nginx_draining_generations",
    "Generations of workers, each retired by one reload, of which a worker still serves its last connections",
    ({ count }) => count,
  );
  observe(
    "hotroute_nginx_draining_oldest_seconds",
    "How long ago the oldest generation that still drains was retired, 0 when none drains",
    ({ oldestMs }) => oldestMs / 1000,
  );
  observe(
    "hotroute_nginx_draining_memory_bytes",
    "Anonymous memory of the workers that drain; what workers have in common counts by shares",
    ({ memoryBytes }) => memoryBytes,
  );
};

/** Makes the program's metrics, in a registry of their own. */
export const createMetrics = (sources: MetricsSources): ReloaderMetrics => {
  const registry = new Registry();
  const registers = [registry];
  observeNginx(registry, sources);
  observeDraining(registry, sources);
  const metrics: ReloaderMetrics = {
    registry,
    reloads: new Counter({
      name: "hotroute_reloads_total",
      help: "Attempts to make nginx serve a revision, by how they ended",
      labelNames: ["result"],
      registers,
    }),
    reloadDuration: new Histogram({
      name: "hotroute_reload_duration_seconds",
      help: "Duration of nginx -t (test), of signal to first answer (signal), and from there until settled (verify)",
      labelNames: ["phase"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    lastSuccess: new Gauge({
      name: "hotroute_reload_last_success_timestamp_seconds",
      help: "When a revision was last seen to be served, in seconds since 1970",
      registers,
    }),
    lastSuccessful: new Gauge({
      name: "hotroute_reload_last_successful",
      help: "1 when nginx serves what the configuration directory holds, 0 when the last attempt was not applied",
      registers,
    }),
    changes: new Counter({
      name: "hotroute_config_changes_total",
      help: "Times the configuration directory was found to hold another revision",
      registers,
    }),
    revision: new Gauge({
      name: "hotroute_config_revision_info",
      help: "The verified revision that nginx serves",
      labelNames: ["revision"],
      registers,
    }),
    watchErrors: new Counter({
      name: "hotroute_watch_errors_total",
      help: "Errors of the file watch; the periodic comparison goes on",
      registers,
    }),
    watchMissed: new Counter({
      name: "hotroute_watch_missed_total",
      help: "Changes that the periodic comparison found and the file watch did not tell of",
      registers,
    }),
    workersLost: new Counter({
      name: "hotroute_nginx_workers_lost_total",
      help: "Workers that were seen to have ended without a reload; nginx replaces them",
      registers,
    }),
    state: new Gauge({
      name: "hotroute_reloader_state",
      help: "1 for what the reloader does or waits for now, 0 for what it did before",
      labelNames: ["state"],
      registers,
    }),
    nginxUp: new Gauge({
      name: "hotroute_nginx_up",
      help: "1 while an nginx that was seen to serve a verified revision runs",
      registers,
    }),
  };
  for (const result of ["applied", "rejected", "unverified", "failed"]) metrics.reloads.inc({ result }, 0);
  return metrics;
};
