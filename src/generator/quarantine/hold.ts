import type { Problem } from "../../routes/problem.ts";
import type { ServiceRecord } from "../../routes/service.ts";

/** A Service whose newest version nginx refused. */
export interface Hold {
  readonly refused: ServiceRecord;
  /** What it is served as meanwhile; null: not at all. */
  readonly served: ServiceRecord | null;
  /** What nginx said, in one line. */
  readonly words: string;
  /** False while it is only one of several that may be the cause. */
  readonly isCertain: boolean;
  /** True while the refused version is given to nginx once more. */
  readonly isOnTrial: boolean;
  /** How often nginx refused this version, from 1. */
  readonly failures: number;
  /** Monotonic milliseconds: when it is tried once more, in case the cause lay elsewhere. */
  readonly retryAtMs: number;
}

const wordsLength = 300;

/**
 * What nginx said, as it may be shown: without the place in a file that the Service's owner cannot see. The message comes
 * from the container that faces the internet.
 */
export const nginxWords = (message: string): string => {
  const flat = message
    .replace(/ in \/[^\s:]*:\d+/g, "")
    .replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .trim();
  const [...characters] = flat;
  return characters.length > wordsLength ? `${characters.slice(0, wordsLength - 1).join("")}…` : flat;
};

const retryBaseMs = 10 * 60_000;
const retryMaxMs = 60 * 60_000;

/** How long a version that was refused so often waits: ten minutes, doubling to an hour. */
export const retryDelayMs = (failures: number): number => Math.min(retryMaxMs, retryBaseMs * 2 ** (failures - 1));

/** What the Service's owner is told. */
export const quarantineProblem = ({ refused, served, words }: Hold): Problem => ({
  service: { namespace: refused.namespace, name: refused.name },
  reason: "Quarantined",
  key: null,
  value: null,
  message: `nginx refuses the configuration with it (${words}): until it changes it is ${served === null ? "not routed" : "routed as it was before"}`,
});
