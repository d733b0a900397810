import type { KubeClient } from "../../kube/client.ts";
import { type Clock, systemClock } from "../../kube/clock.ts";
import type { Logger } from "../../ops/log.ts";
import type { Problem } from "../../routes/problem.ts";
import type { Route } from "../../routes/route.ts";
import type { GeneratorMetrics } from "../metrics.ts";
import type { LivePublication } from "../propagation.ts";
import { type EventContent, eventKey, problemEvents, routedEvent, type UidOf } from "./content.ts";
import { nextDueAtMs, planEvents, type StandingEvents } from "./plan.ts";
import { createPoster } from "./poster.ts";
import type { EventPost, PostKind } from "./queue.ts";
import { createRoutingTracker } from "./routings.ts";

export interface ServiceEventsOptions {
  readonly client: KubeClient;
  readonly uidOf: UidOf;
  /** The Pod's name. */
  readonly instance: string;
  readonly metrics: GeneratorMetrics;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly wallNowMs?: () => number;
  readonly random?: () => number;
}

/** Tells each Service's owner, by Events on the Service, what became of it. Nothing here is waited for, or throws. */
export interface ServiceEvents {
  /** Takes all problems that stand now, those of one Service together. */
  observe(problems: readonly Problem[]): void;
  /** Takes all routes of the configuration in the file with this hash. */
  published(routes: readonly Route[], hash: string): void;
  /** Takes what nginx was verified to serve. */
  live(publications: readonly LivePublication[]): void;
  stop(): Promise<void>;
}

/** A qualified name, as events.k8s.io wants it. */
const controller = "hotroute.io/generator";

export const createServiceEvents = (options: ServiceEventsOptions): ServiceEvents => {
  const { client, uidOf, instance, metrics, log } = options;
  const { clock = systemClock, wallNowMs = Date.now, random = Math.random } = options;
  const routings = createRoutingTracker(uidOf);
  let standing: StandingEvents = new Map();
  let cancelRepeat: (() => void) | null = null;
  let isOverfull = false;
  let isStopped = false;

  const isWanted = ({ kind, content }: EventPost): boolean =>
    kind === "transition" ? routings.isRouted(content.uid) : standing.has(eventKey(content));
  const reporter = { controller, instance };
  const poster = createPoster({ client, reporter, isWanted, metrics, log, clock, wallNowMs, random });
  const post = (kind: PostKind, contents: readonly EventContent[]): void => {
    const observedAtMs = wallNowMs();
    poster.post(contents.map((content) => ({ kind, content, observedAtMs, failures: 0 })));
  };

  const apply = (contents: readonly EventContent[]): void => {
    const nowMs = clock.nowMs();
    const plan = planEvents(standing, contents, nowMs);
    standing = plan.standing;
    poster.prune();
    post("appeared", plan.appeared);
    post("standing", plan.due);
    cancelRepeat?.();
    const dueAtMs = nextDueAtMs(standing);
    cancelRepeat = dueAtMs === null ? null : clock.after(dueAtMs - nowMs, repeat);
  };
  const repeat = (): void => apply([...standing.values()].map(({ content }) => content));

  return {
    observe: (problems) => {
      if (isStopped) return;
      const { contents, leftOut } = problemEvents(problems, uidOf);
      if (leftOut > 0 && !isOverfull) log.warn({ problems: leftOut }, "more problems than Events are posted for");
      isOverfull = leftOut > 0;
      apply(contents);
    },
    published: (routes, hash) => {
      routings.published(routes, hash);
      poster.prune();
    },
    live: (publications) => {
      for (const { hash, propagationMs } of publications) {
        const events = routings.live(hash).map((routing) => routedEvent(routing, propagationMs));
        post("transition", events);
      }
    },
    stop: async () => {
      isStopped = true;
      cancelRepeat?.();
      await poster.stop();
    },
  };
};
