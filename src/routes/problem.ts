import { compareText, type ServiceRef, serviceKey } from "./service.ts";

/**
 * Why something a Service asks for is not done.
 * - `InvalidValue`: a key's value is not of its type; the route that needs it is left out
 * - `UnknownKey`: no such key; the rest is routed
 * - `NotAvailable`: the key is known, but this version does not do it yet
 * - `Unroutable`: the Service itself cannot be routed to (no such port, headless, ExternalName …)
 * - `HostNotAllowed`: the host policy does not let the namespace have that host; its routes are left out
 * - `Conflict`: another Service has that host and path
 * - `Quarantined`: nginx refused the configuration because of this Service; it is served as it was before, or not at all
 */
export type ProblemReason =
  | "InvalidValue"
  | "UnknownKey"
  | "NotAvailable"
  | "Unroutable"
  | "HostNotAllowed"
  | "Conflict"
  | "Quarantined";

export const problemReasons: readonly ProblemReason[] = [
  "InvalidValue",
  "UnknownKey",
  "NotAvailable",
  "Unroutable",
  "HostNotAllowed",
  "Conflict",
  "Quarantined",
];

/** One thing that is wrong with one Service, for its owner to read. */
export interface Problem {
  readonly service: ServiceRef;
  readonly reason: ProblemReason;
  /** The key with its prefix, or null where the fault is no key's. */
  readonly key: string | null;
  /** The value as it stands, control characters replaced, cut to 80 characters; null where there is none. */
  readonly value: string | null;
  /** What was expected, or what happens instead: the end of a sentence. */
  readonly message: string;
}

const shownLength = 80;
// Control and format characters (escape sequences, bidirectional overrides) would lie to whoever reads the log.
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value as it may be shown: cut, and without invisible characters. */
export const showValue = (raw: string): string => {
  const cut = raw.length > shownLength ? `${raw.slice(0, shownLength - 1)}…` : raw;
  return cut.replace(invisible, "\u{fffd}");
};

/** One line: `InvalidValue default/shop hotroute.io/port="htpp": expected …`. */
export const describeProblem = (problem: Problem): string => {
  const at = problem.key === null ? "" : ` ${problem.key}`;
  const value = problem.value === null ? "" : `=${JSON.stringify(problem.value)}`;
  return `${problem.reason} ${serviceKey(problem.service)}${at}${value}: ${problem.message}`;
};

/** Problems in an order that does not depend on the order of arrival. */
export const sortProblems = (problems: readonly Problem[]): readonly Problem[] =>
  problems
    .map((problem) => ({ problem, service: serviceKey(problem.service), text: describeProblem(problem) }))
    .sort((a, b) => compareText(a.service, b.service) || compareText(a.text, b.text))
    .map(({ problem }) => problem);
