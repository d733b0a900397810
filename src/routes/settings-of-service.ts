import { type Key, keyStanding, suggestKey } from "./keys.ts";
import { type Problem, type ProblemReason, showValue } from "./problem.ts";
import type { ServiceRecord } from "./service.ts";

// One Service is one owner's: what it may cost everybody is bounded. An annotation may be 256 KiB of commas.
const maxElements = 500;
const maxProblems = 50;

/** The values of one Service as they are read, by the one parser of each key: remembers every problem, and whether one closes the routes. */
export class SettingsOfService {
  isClosed = false;
  readonly #problems: Problem[] = [];
  #leftOut = 0;
  readonly #service: ServiceRecord;
  readonly #keyPrefix: string;
  readonly #raw: ReadonlyMap<string, string>;

  constructor(service: ServiceRecord, keyPrefix: string) {
    this.#service = service;
    this.#keyPrefix = keyPrefix;
    this.#raw = new Map(service.settings.map(({ key, value }) => [key, value]));
  }

  has(key: Key<unknown>): boolean {
    return this.#raw.has(key.name);
  }

  hasAny(names: readonly string[]): boolean {
    return names.some((name) => this.#raw.has(name));
  }

  report(reason: ProblemReason, key: string | null, value: string | null, message: string): void {
    if (this.isFull()) {
      this.#leftOut += 1;
      return;
    }
    const shownKey = key === null ? null : `${this.#keyPrefix}${showValue(key)}`;
    this.#problems.push(this.#problem(reason, shownKey, value === null ? null : showValue(value), message));
  }

  isFull(): boolean {
    return this.#problems.length >= maxProblems;
  }

  /** The problems in the order in which they were reported, and how many more there are. */
  problems(): readonly Problem[] {
    if (this.#leftOut === 0) return this.#problems;
    return [...this.#problems, this.#problem("InvalidValue", null, null, `and ${this.#leftOut} more problems`)];
  }

  #problem(reason: ProblemReason, key: string | null, value: string | null, message: string): Problem {
    const { namespace, name } = this.#service;
    return { service: { namespace, name }, reason, key, value, message };
  }

  /** Refuses a value that is of its type, but does not fit the others. */
  refuse(key: Key<unknown>, message: string): void {
    this.report("InvalidValue", key.name, this.#raw.get(key.name) ?? null, message);
    this.isClosed = true;
  }

  /** One value; a bad one closes the routes, since what its owner wanted is not known. */
  one<T>(key: Key<T>, fallback: T): T {
    const raw = this.#raw.get(key.name);
    if (raw === undefined) return fallback;
    const value = key.parse(raw);
    if (value !== null) return value;
    this.report("InvalidValue", key.name, raw, `expected ${key.expected}`);
    this.isClosed = true;
    return fallback;
  }

  /** A comma list that is one value: a bad element, or none at all, closes the routes. */
  whole<T>(key: Key<T>, fallback: readonly T[]): readonly T[] {
    const before = this.#problems.length + this.#leftOut;
    const values = this.list(key, fallback);
    if (this.#problems.length + this.#leftOut > before) this.isClosed = true;
    return values;
  }

  /** A comma list without repetitions; a bad element costs only itself. */
  list<T>(key: Key<T>, fallback: readonly T[]): readonly T[] {
    const raw = this.#raw.get(key.name);
    if (raw === undefined) return fallback;
    const elements = raw.split(",");
    if (elements.length > maxElements) {
      this.report("InvalidValue", key.name, raw, `expected at most ${maxElements} elements, found ${elements.length}`);
      return [];
    }
    const values = new Set<T>();
    for (const element of elements) {
      const value = key.parse(element.trim());
      if (value !== null) values.add(value);
      else this.report("InvalidValue", key.name, element.trim(), `expected ${key.expected}`);
    }
    return [...values];
  }

  /** Reports the keys that are not available; one that closes the routes does. */
  checkAvailability(): void {
    for (const [name, value] of this.#raw) {
      const standing = keyStanding(name, value);
      if (standing.kind !== "not-available") continue;
      const isClosing = standing.route === "closed";
      const outcome = isClosing ? "so this Service is not routed" : "ignored";
      this.report("NotAvailable", name, value, `not available yet, ${outcome}`);
      if (isClosing) this.isClosed = true;
    }
  }

  /** Reports the keys that are not known. */
  checkNames(selectorKeys: ReadonlySet<string>): void {
    for (const [name, value] of this.#raw) {
      if (selectorKeys.has(name) || keyStanding(name, value).kind !== "unknown") continue;
      // To look for the nearest name takes time: not for what nobody is told.
      const nearest = this.isFull() ? null : suggestKey(name);
      const hint = nearest === null ? "" : `; did you mean ${this.#keyPrefix}${nearest}?`;
      this.report("UnknownKey", name, value, `no such key, ignored${hint}`);
    }
  }
}
