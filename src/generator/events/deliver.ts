import type { KubeRequest, KubeResult } from "../../kube/client.ts";
import type { KubeFailure } from "../../kube/failure.ts";
import { jsonObject, jsonText } from "../../kube/json.ts";
import { EVENTS, resourcePath } from "../../kube/resource.ts";
import { repeatAfterMs } from "./plan.ts";
import type { EventPost, PostKind } from "./queue.ts";

/** Who reports. Source: `reportingController` and `reportingInstance` of events.k8s.io/v1. */
export interface Reporter {
  /** A qualified name: `hotroute.io/generator`. */
  readonly controller: string;
  /** The Pod's name; at most 128 bytes. */
  readonly instance: string;
}

/** What became of a post. `exists`: somebody else has told it, and not long ago. */
export type Delivery =
  | { readonly kind: "created" | "exists" | "series" }
  | { readonly kind: "failed"; readonly failure: KubeFailure };

export interface DeliveryParts {
  readonly request: (request: KubeRequest) => Promise<KubeResult>;
  readonly reporter: Reporter;
  /** Unix time in milliseconds. */
  readonly wallNowMs: () => number;
}

/** The verbs that a post of a kind may need. */
export const verbsOf = (kind: PostKind): readonly string[] =>
  kind === "appeared" ? ["create"] : ["create", "get", "patch"];

const action = "Route";
// Two replicas renew what they both know to stand: who comes second finds it fresh.
const freshStandingMs = (repeatAfterMs * 2) / 3;
// Two replicas see one transition, each when its own nginx serves it; another one of the same Service comes later.
const sameTransitionMs = 60_000;

/** A MicroTime: RFC 3339 with exactly six digits of a second. */
const microTime = (wallMs: number): string => new Date(wallMs).toISOString().replace("Z", "000Z");

const bodyOf = ({ content, observedAtMs }: EventPost, { controller, instance }: Reporter) => ({
  apiVersion: `${EVENTS.group}/${EVENTS.version}`,
  kind: "Event",
  metadata: { name: content.name, namespace: content.service.namespace },
  eventTime: microTime(observedAtMs),
  reportingController: controller,
  reportingInstance: instance,
  action,
  reason: content.reason,
  regarding: { apiVersion: "v1", kind: "Service", ...content.service, uid: content.uid },
  note: content.note,
  type: content.type,
});

interface StoredEvent {
  readonly resourceVersion: string;
  readonly count: number;
  /** Unix time in milliseconds; NaN where it cannot be read. */
  readonly lastObservedMs: number;
}

const readStored = (body: unknown): StoredEvent => {
  const event = jsonObject(body);
  const series = jsonObject(event?.series);
  const count = series?.count;
  return {
    resourceVersion: jsonText(jsonObject(event?.metadata)?.resourceVersion),
    count: typeof count === "number" ? count : 1,
    lastObservedMs: Date.parse(jsonText(series?.lastObservedTime) || jsonText(event?.eventTime)),
  };
};

const failed = (failure: KubeFailure): Delivery => ({ kind: "failed", failure });

// A 409 may also be a resource quota that was changed at the same moment: that is worth another try.
const isThere = (failure: KubeFailure): boolean =>
  failure.kind === "conflict" && !failure.message.startsWith("Operation cannot be fulfilled");

const create = async (post: EventPost, parts: DeliveryParts): Promise<Delivery> => {
  const path = resourcePath(EVENTS, post.content.service.namespace);
  const result = await parts.request({ method: "POST", path, body: bodyOf(post, parts.reporter) });
  if (result.ok) return { kind: "created" };
  return isThere(result.failure) ? { kind: "exists" } : failed(result.failure);
};

const append = async (stored: StoredEvent, post: EventPost, parts: DeliveryParts): Promise<Delivery> => {
  const { service, name } = post.content;
  const lastObservedTime = microTime(post.kind === "transition" ? post.observedAtMs : parts.wallNowMs());
  const result = await parts.request({
    method: "PATCH",
    path: resourcePath(EVENTS, service.namespace, name),
    contentType: "application/merge-patch+json",
    // With the resourceVersion, so that of two replicas at the same moment one is refused.
    body: {
      metadata: { resourceVersion: stored.resourceVersion },
      series: { count: stored.count + 1, lastObservedTime },
    },
  });
  if (result.ok) return { kind: "series" };
  return result.failure.kind === "conflict" ? { kind: "exists" } : failed(result.failure);
};

/** Continues the Event that is there, unless somebody has just done so; one that is gone is created. */
const renew = async (post: EventPost, parts: DeliveryParts): Promise<Delivery> => {
  const { service, name } = post.content;
  const result = await parts.request({ method: "GET", path: resourcePath(EVENTS, service.namespace, name) });
  if (!result.ok) return result.failure.kind === "notFound" ? await create(post, parts) : failed(result.failure);
  const stored = readStored(result.body);
  const isFresh =
    post.kind === "transition"
      ? stored.lastObservedMs > post.observedAtMs - sameTransitionMs
      : stored.lastObservedMs > parts.wallNowMs() - freshStandingMs;
  return isFresh ? { kind: "exists" } : await append(stored, post, parts);
};

/** Tells one Event, with one to three requests. */
export const deliver = async (post: EventPost, parts: DeliveryParts): Promise<Delivery> => {
  switch (post.kind) {
    case "appeared":
      return await create(post, parts);
    case "standing":
      return await renew(post, parts);
    case "transition": {
      const created = await create(post, parts);
      return created.kind === "exists" ? await renew(post, parts) : created;
    }
  }
};
