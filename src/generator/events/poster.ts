import { createBackoff } from "../../kube/backoff.ts";
import type { KubeClient, KubeRequest, KubeResult } from "../../kube/client.ts";
import { type Clock, sleep } from "../../kube/clock.ts";
import type { KubeFailure } from "../../kube/failure.ts";
import { describeFailure } from "../../kube/failure-text.ts";
import type { Logger } from "../../ops/log.ts";
import { describeError } from "../../ops/program.ts";
import { serviceKey } from "../../routes/service.ts";
import type { GeneratorMetrics } from "../metrics.ts";
import { aftermath, provenVerbs } from "./aftermath.ts";
import { type Delivery, deliver, type Reporter, verbsOf } from "./deliver.ts";
import { createDenials, denialMs } from "./denials.ts";
import { createPostQueue, type EventPost } from "./queue.ts";
import { createRate } from "./rate.ts";

export interface PosterOptions {
  readonly client: KubeClient;
  readonly reporter: Reporter;
  /** Whether what a post says is still so; asked before each try. */
  readonly isWanted: (post: EventPost) => boolean;
  readonly metrics: GeneratorMetrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** Unix time in milliseconds, for the times in Events. */
  readonly wallNowMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Sends Events one after the other, at its own pace, whatever the API server does. */
export interface Poster {
  post(posts: readonly EventPost[]): void;
  /** Says that something is no longer so. */
  prune(): void;
  /** Ends at once; what waits is forgotten. */
  stop(): Promise<void>;
}

const requestsPerSecond = 5;
// An Event that makes a webhook fail again and again must not be tried forever; an absent API server fails none.
const maxFailures = 8;
const backoffLimits = { baseMs: 1000, maxMs: 60_000, networkMaxMs: 15_000 };
const neededRule = "apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch, get]";

export const createPoster = (options: PosterOptions): Poster => {
  const { client, reporter, isWanted, metrics, log, clock, wallNowMs } = options;
  const queue = createPostQueue();
  const rate = createRate(requestsPerSecond);
  const backoff = createBackoff(backoffLimits, options.random);
  const denials = createDenials();
  const stopping = new AbortController();
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;
  let cancelWake: (() => void) | null = null;

  const ready = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    const nowMs = clock.nowMs();
    const waitMs = Math.max(notBeforeMs - nowMs, rate.waitMs(nowMs));
    return waitMs <= 0 ? undefined : sleep(clock, waitMs, stopping.signal).then(ready);
  };
  const request = async (given: KubeRequest): Promise<KubeResult> => {
    await ready();
    rate.take(clock.nowMs());
    return await client.request({ ...given, signal: stopping.signal });
  };
  const isOpen = ({ kind, content }: EventPost): boolean =>
    !denials.isDenied(verbsOf(kind), content.service.namespace, clock.nowMs());
  const again = (post: EventPost): void => {
    if (isWanted(post)) queue.put(post);
  };

  const onDenied = (post: EventPost, failure: Extract<KubeFailure, { kind: "forbidden" }>): void => {
    const { verb, resource } = failure.denied;
    const { namespace } = post.content.service;
    metrics.serviceEvents.inc({ result: "denied" });
    const isFirst = denials.deny(verb, namespace, clock.nowMs());
    const details = { verb, resource, namespace, reason: describeFailure(failure), retryInMs: denialMs };
    if (isFirst) log.warn({ ...details, rule: neededRule }, "not allowed to post Events, all else goes on");
    else log.debug(details, "not allowed to post Events here either");
    again(post);
  };

  const onFailed = (post: EventPost, failure: KubeFailure): void => {
    const after = aftermath(failure);
    if (after === "stop") return;
    if (failure.kind === "forbidden" && after === "denied") {
      onDenied(post, failure);
      return;
    }
    metrics.serviceEvents.inc({ result: "failed" });
    const failures = post.failures + (after === "retry-counted" ? 1 : 0);
    const reason = describeFailure(failure);
    if (after === "drop" || failures >= maxFailures) {
      log.debug(
        { service: serviceKey(post.content.service), event: post.content.name, reason },
        "an Event was refused",
      );
      return;
    }
    const retryInMs = backoff.next(failure);
    notBeforeMs = clock.nowMs() + retryInMs;
    if (backoff.attempt === 1)
      log.info({ reason, retryInMs }, "Events wait, the API server did not answer as it should");
    again({ ...post, failures });
  };

  const onDelivered = (post: EventPost, delivery: Delivery): void => {
    if (delivery.kind === "failed") {
      onFailed(post, delivery.failure);
      return;
    }
    backoff.reset();
    metrics.serviceEvents.inc({ result: delivery.kind });
    const { namespace } = post.content.service;
    if (denials.allow(provenVerbs(delivery.kind, post.kind), namespace)) {
      log.info({ namespace }, "Events are allowed again");
    }
  };

  const drain = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // Before one is taken: what waits may be gone by then.
      await ready();
      const post = queue.take(isOpen);
      if (post === null) return;
      onDelivered(post, await deliver(post, { request, reporter, wallNowMs }));
    }
  };
  const run = async (): Promise<void> => {
    try {
      await drain();
    } catch (error) {
      log.error({ reason: describeError(error) }, "could not post Events");
    } finally {
      // In the same step that found nothing to send: who posts next starts anew.
      running = null;
      wakeLater();
    }
  };
  const wakeLater = (): void => {
    const nowMs = clock.nowMs();
    const atMs = queue.size === 0 ? null : denials.nextTryAtMs(nowMs);
    if (atMs !== null && !stopping.signal.aborted) cancelWake = clock.after(atMs - nowMs, start);
  };
  const start = (): void => {
    cancelWake?.();
    cancelWake = null;
    running ??= run();
  };

  return {
    post: (posts) => {
      if (stopping.signal.aborted || posts.length === 0) return;
      for (const post of posts) queue.put(post);
      start();
    },
    prune: () => queue.prune(isWanted),
    stop: async () => {
      stopping.abort();
      cancelWake?.();
      await running;
    },
  };
};
