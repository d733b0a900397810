import { type Problem, type ProblemReason, showValue } from "./problem.ts";
import type { ServiceRef } from "./service.ts";

// One Service is one owner's: what it may cost everybody is bounded. An annotation may be 256 KiB of commas.
const maxProblems = 50;

/** The problems of one Service as they are found, each once, so many at most. */
export class ProblemList {
  readonly #service: ServiceRef;
  readonly #keyPrefix: string;
  readonly #problems = new Map<string, Problem>();
  #leftOut = 0;

  constructor({ namespace, name }: ServiceRef, keyPrefix: string) {
    this.#service = { namespace, name };
    this.#keyPrefix = keyPrefix;
  }

  /** How many were reported, those left out included: it has grown when something was wrong. */
  get count(): number {
    return this.#problems.size + this.#leftOut;
  }

  get isFull(): boolean {
    return this.#problems.size >= maxProblems;
  }

  /**
   * @param key without the prefix; null where the fault is no key's
   * @param value as it stands; null where there is none
   */
  report(reason: ProblemReason, key: string | null, value: string | null, message: string): void {
    const problem: Problem = {
      service: this.#service,
      reason,
      key: key === null ? null : `${this.#keyPrefix}${showValue(key)}`,
      value: value === null ? null : showValue(value),
      message,
    };
    // Several routes of a Service may share a value, and its fault is still one.
    const identity = JSON.stringify([reason, problem.key, problem.value, message]);
    if (this.#problems.has(identity)) return;
    if (this.isFull) this.#leftOut += 1;
    else this.#problems.set(identity, problem);
  }

  /** The problems in the order in which they were reported, and how many more there are. */
  all(): readonly Problem[] {
    const problems = [...this.#problems.values()];
    if (this.#leftOut === 0) return problems;
    const message = `and ${this.#leftOut} more problems`;
    return [...problems, { service: this.#service, reason: "InvalidValue", key: null, value: null, message }];
  }
}
