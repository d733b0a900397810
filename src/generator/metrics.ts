import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type ProblemReason, problemReasons } from "../routes/problem.ts";

/** What became of a rendering: written, the same bytes as before, or a write that failed. */
export type RenderResult = "written" | "unchanged" | "failed";

/** What became of an Event on a Service; `exists`: another replica told it. */
export type ServiceEventResult = "created" | "exists" | "series" | "failed" | "denied";

/** The generator's metrics, in a registry of their own. */
export const createMetrics = () => {
  const registry = new Registry();
  const registers = [registry];
  const metrics = {
    services: new Gauge({ name: "hotroute_services", help: "Services of this controller's class.", registers }),
    routes: new Gauge({ name: "hotroute_routes", help: "Matches of host and path that are served.", registers }),
    routeProblems: new Gauge({
      name: "hotroute_route_problems",
      help: "Problems of Services that stand now, by reason.",
      labelNames: ["reason"],
      registers,
    }),
    events: new Counter({
      name: "hotroute_events_total",
      help: "Watch events received from the API server, by type.",
      labelNames: ["type"],
      registers,
    }),
    lists: new Counter({
      name: "hotroute_lists_total",
      help: "Lists asked of the API server, by result.",
      labelNames: ["result"],
      registers,
    }),
    watches: new Counter({
      name: "hotroute_watches_total",
      help: "Watches that ended, by result.",
      labelNames: ["result"],
      registers,
    }),
    lastSync: new Gauge({
      name: "hotroute_last_sync_timestamp_seconds",
      help: "When the API server last said what is so: by a complete list, an event or a bookmark.",
      registers,
    }),
    renders: new Counter({
      name: "hotroute_renders_total",
      help: "Renderings of the configuration, by what became of them.",
      labelNames: ["result"],
      registers,
    }),
    renderDuration: new Histogram({
      name: "hotroute_render_duration_seconds",
      help: "Time to parse, resolve and render all Services.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    }),
    namespacesForbidden: new Gauge({
      name: "hotroute_namespaces_forbidden",
      help: "Namespaces whose Services may not be listed or watched now; all namespaces together count as one.",
      registers,
    }),
    heldServices: new Gauge({
      name: "hotroute_held_services",
      help: "Services that a list lacked with most others, and that stay routed until a second list confirms it.",
      registers,
    }),
    quarantinedServices: new Gauge({
      name: "hotroute_quarantined_services",
      help: "Services whose newest version nginx refused, so that they are served as before or not at all.",
      registers,
    }),
    hostPolicyLastReloadSuccessful: new Gauge({
      name: "hotroute_host_policy_last_reload_successful",
      help: "1 unless the file of HOST_POLICY is bad or missing, so that its last good version stands.",
      registers,
    }),
    templateLastReloadSuccessful: new Gauge({
      name: "hotroute_template_last_reload_successful",
      help: "1 unless the file of TEMPLATE_FILE is bad or missing, so that its last good version stands.",
      registers,
    }),
    configBytes: new Gauge({ name: "hotroute_config_bytes", help: "Size of default.conf.", registers }),
    serviceEvents: new Counter({
      name: "hotroute_service_events_total",
      help: "Events on Services that were told, or could not be, by what became of them.",
      labelNames: ["result"],
      registers,
    }),
    propagation: new Histogram({
      name: "hotroute_propagation_seconds",
      help: "From the first event in a configuration to nginx verified to serve it.",
      buckets: [0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30],
      registers,
    }),
  };
  const serviceEventResults = ["created", "exists", "series", "failed", "denied"] satisfies ServiceEventResult[];
  for (const result of serviceEventResults) metrics.serviceEvents.inc({ result }, 0);
  const showProblems = (counts: ReadonlyMap<ProblemReason, number>): void => {
    for (const reason of problemReasons) metrics.routeProblems.set({ reason }, counts.get(reason) ?? 0);
  };
  showProblems(new Map());
  metrics.hostPolicyLastReloadSuccessful.set(1);
  metrics.templateLastReloadSuccessful.set(1);
  for (const result of ["written", "unchanged", "failed"] satisfies RenderResult[]) metrics.renders.inc({ result }, 0);
  return { registry, ...metrics, showProblems };
};

export type GeneratorMetrics = ReturnType<typeof createMetrics>;
