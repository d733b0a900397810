import type { Problem, ProblemReason } from "../routes/problem.ts";
import { type ServiceRef, serviceKey } from "../routes/service.ts";
import { describePlace, type Place } from "./place.ts";

/**
 * What may be wrong with the files, beside what the cluster would say of the Services in them.
 * - `Unreadable`: a file that cannot be read, or is no YAML
 * - `InvalidManifest`: a Service that the API server would refuse
 * - `Duplicate`: the same Service again; the last one counts, as with `kubectl apply`
 */
export type FindingReason = ProblemReason | "Unreadable" | "InvalidManifest" | "Duplicate";

/** One thing that is wrong, and where. */
export interface Finding {
  readonly reason: FindingReason;
  /** Null where a whole file cannot be read. */
  readonly place: Place | null;
  /** Null where it is no Service's. */
  readonly service: ServiceRef | null;
  readonly key: string | null;
  readonly value: string | null;
  readonly message: string;
  /** The other side of a conflict. */
  readonly related: Place | null;
}

/** What the core says of a Service, with its place. */
export const findingOf = (problem: Problem, place: Place | null, related: Place | null): Finding => ({
  ...problem,
  place,
  related,
});

/** The sentence without its place: `Service default/shop hotroute.io/port="htpp": expected …`. */
export const describeFinding = ({ service, key, value, message, related }: Finding): string => {
  const whose = service === null ? "" : `Service ${serviceKey(service)}`;
  const what = key === null ? "" : ` ${key}${value === null ? "" : `=${JSON.stringify(value)}`}`;
  const where = related === null ? "" : ` (${describePlace(related)})`;
  return `${whose}${what}${whose === "" ? "" : ": "}${message}${where}`;
};

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

/** In the order in which a reader of the files comes across them. */
export const sortFindings = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort(
    (a, b) =>
      compare(a.place?.file ?? "", b.place?.file ?? "") ||
      compare(a.place?.line ?? 0, b.place?.line ?? 0) ||
      compare(a.place?.column ?? 0, b.place?.column ?? 0) ||
      compare(a.message, b.message),
  );
