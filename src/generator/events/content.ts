import { hash } from "node:crypto";
import type { Problem } from "../../routes/problem.ts";
import { type ServiceRef, serviceKey } from "../../routes/service.ts";
import { oneLineNote } from "./note.ts";

/** What one Event says about one Service. */
export interface EventContent {
  readonly service: ServiceRef;
  readonly uid: string;
  /** The Event's own name: the same for the same content, whoever posts it, so that two replicas make one Event. */
  readonly name: string;
  readonly type: "Normal" | "Warning";
  /** At most 128 bytes. */
  readonly reason: string;
  /** One line of at most 1 KiB. */
  readonly note: string;
}

/** A Service that nginx began to serve. */
export interface Routing {
  readonly service: ServiceRef;
  readonly uid: string;
  /** Some of its matches, in words, and how many there are. */
  readonly matches: readonly string[];
  readonly matchCount: number;
}

/** Gives the uid of a Service that is there, else null. */
export type UidOf = (service: ServiceRef) => string | null;

/** Problems as Events, and how many problems no Event tells of. */
export interface ProblemEvents {
  readonly contents: readonly EventContent[];
  readonly leftOut: number;
}

/** More Events of one Service would be read by nobody, and keep those of others waiting. */
export const maxEventsOfService = 10;
/** Five requests a second are enough to renew so many in time. */
export const maxStandingEvents = 2000;

const hashLength = 20;

/** `shop.5f0c…`: a DNS subdomain, as events.k8s.io wants names to be. */
const eventName = (service: ServiceRef, identity: readonly (string | null)[]): string => {
  const digest = hash("sha256", JSON.stringify(identity), "hex").slice(0, hashLength);
  return `${service.name.slice(0, 63).replace(/[^a-z0-9]+$/, "")}.${digest}`;
};

const problemEvent = ({ service, reason, key, value, message }: Problem, uid: string): EventContent => {
  const at = key === null ? "" : `${key}${value === null ? "" : `=${JSON.stringify(value)}`}: `;
  return {
    service,
    uid,
    name: eventName(service, [uid, reason, key, value, message]),
    type: "Warning",
    reason,
    note: oneLineNote(`${at}${message}`),
  };
};

/** The problems of one Service; the last of many says how many more there are. */
const shorten = (problems: readonly Problem[]): readonly Problem[] => {
  const last = problems[maxEventsOfService - 1];
  if (last === undefined || problems.length === maxEventsOfService) return problems;
  const more = problems.length - maxEventsOfService + 1;
  const rest = { ...last, key: null, value: null, message: `and ${more} more problems, named in the generator's log` };
  return [...problems.slice(0, maxEventsOfService - 1), rest];
};

/**
 * The Events that tell the owners of Services what is wrong with them.
 *
 * @param problems those of one Service together
 */
export const problemEvents = (problems: readonly Problem[], uidOf: UidOf): ProblemEvents => {
  const byService = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = serviceKey(problem.service);
    const group = byService.get(key);
    if (group === undefined) byService.set(key, [problem]);
    else group.push(problem);
  }
  const contents: EventContent[] = [];
  let leftOut = 0;
  for (const group of byService.values()) {
    const [first] = group;
    const uid = first === undefined ? null : uidOf(first.service);
    // A Service that is gone meanwhile has no owner to tell.
    if (uid === null) continue;
    if (contents.length + Math.min(group.length, maxEventsOfService) > maxStandingEvents) leftOut += group.length;
    else for (const problem of shorten(group)) contents.push(problemEvent(problem, uid));
  }
  return { contents, leftOut };
};

/**
 * The Event that tells an owner that nginx serves the Service.
 *
 * @param propagationMs from the first event in the configuration until nginx was verified to serve it
 */
export const routedEvent = (routing: Routing, propagationMs: number | null): EventContent => {
  const { service, uid, matches, matchCount } = routing;
  const more = matchCount > matches.length ? ` and ${matchCount - matches.length} more` : "";
  const what = `${matches.join(", ")}${more}`;
  const after = propagationMs === null ? "" : `, ${Math.round(propagationMs)} ms after the change was seen`;
  return {
    service,
    uid,
    // Without the time: each replica measures its own.
    name: eventName(service, [uid, "Routed", null, null, what]),
    type: "Normal",
    reason: "Routed",
    note: oneLineNote(`nginx serves ${what}`, after),
  };
};

/** What tells Events of the whole cluster apart. */
export const eventKey = (content: EventContent): string => `${content.service.namespace}/${content.name}`;
