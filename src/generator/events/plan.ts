import { type EventContent, eventKey } from "./content.ts";

/** An Event for a problem that stands, and when it is due to be told again, in monotonic milliseconds. */
export interface StandingEvent {
  readonly content: EventContent;
  readonly dueAtMs: number;
}

/** By `eventKey`. */
export type StandingEvents = ReadonlyMap<string, StandingEvent>;

/** What follows from the problems that stood before and those that stand now. */
export interface EventPlan {
  readonly standing: StandingEvents;
  /** To be created. */
  readonly appeared: readonly EventContent[];
  /** To be patched into a series, or created again where they have expired. */
  readonly due: readonly EventContent[];
}

/** The API server forgets an Event an hour after its last change (`--event-ttl`); half of it leaves time for a retry. */
export const repeatAfterMs = 30 * 60_000;

/** Pure: the same previous and current state at the same time give the same plan. */
export const planEvents = (previous: StandingEvents, current: readonly EventContent[], nowMs: number): EventPlan => {
  const standing = new Map<string, StandingEvent>();
  const appeared: EventContent[] = [];
  const due: EventContent[] = [];
  for (const content of current) {
    const key = eventKey(content);
    const before = standing.get(key) ?? previous.get(key);
    if (before === undefined) {
      appeared.push(content);
      standing.set(key, { content, dueAtMs: nowMs + repeatAfterMs });
    } else if (before.dueAtMs <= nowMs) {
      due.push(content);
      standing.set(key, { content, dueAtMs: nowMs + repeatAfterMs });
    } else {
      standing.set(key, before);
    }
  }
  return { standing, appeared, due };
};

/** When the next of them is due; null when none stands. */
export const nextDueAtMs = (standing: StandingEvents): number | null => {
  let next: number | null = null;
  for (const { dueAtMs } of standing.values()) next = next === null ? dueAtMs : Math.min(next, dueAtMs);
  return next;
};
