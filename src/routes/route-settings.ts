import { guards, type Key, keyStanding, suggestKey } from "./keys.ts";
import type { ProblemList } from "./problem-list.ts";

// An annotation may be 256 KiB of commas.
const maxElements = 500;

/** A value as it stands, and where: `path`, or `routes[2].path`. */
export interface RawValue {
  readonly value: string;
  readonly at: string;
}

/**
 * The values of one set of routes as they are read, by the one parser of each key: reports every problem, and remembers
 * whether one closes the routes.
 */
export class RouteSettings {
  isClosed = false;
  readonly #raw: ReadonlyMap<string, RawValue>;
  readonly #problems: ProblemList;

  /** @param raw by the key's name */
  constructor(raw: ReadonlyMap<string, RawValue>, problems: ProblemList) {
    this.#raw = raw;
    this.#problems = problems;
  }

  /** Forgets that something was wrong, and says whether it was: so that it is seen whether more is. */
  reopen(): { readonly wasClosed: boolean } {
    const wasClosed = this.isClosed;
    this.isClosed = false;
    return { wasClosed };
  }

  has(key: Key<unknown>): boolean {
    return this.#raw.has(key.name);
  }

  hasAny(names: readonly string[]): boolean {
    return names.some((name) => this.#raw.has(name));
  }

  raw(key: Key<unknown>): RawValue | null {
    return this.#raw.get(key.name) ?? null;
  }

  /** Refuses a value, be it of its type: it does not fit the others, or the Service. */
  refuse(key: Key<unknown>, message: string): void {
    const raw = this.raw(key);
    this.#problems.report("InvalidValue", raw?.at ?? key.name, raw?.value ?? null, message);
    this.isClosed = true;
  }

  /** One value; a bad one closes the routes, since what its owner wanted is not known. */
  one<T>(key: Key<T>, fallback: T): T {
    const raw = this.raw(key);
    if (raw === null) return fallback;
    const value = key.parse(raw.value);
    if (value !== null) return value;
    this.refuse(key, `expected ${key.expected}`);
    return fallback;
  }

  /** A comma list that is one value: a bad element, or none at all, closes the routes. */
  whole<T>(key: Key<T>, fallback: readonly T[]): readonly T[] {
    const { values, isWhole } = this.#read(key, fallback);
    if (!isWhole) this.isClosed = true;
    return values;
  }

  /** A comma list without repetitions; a bad element costs only itself. */
  list<T>(key: Key<T>, fallback: readonly T[]): readonly T[] {
    return this.#read(key, fallback).values;
  }

  #read<T>(key: Key<T>, fallback: readonly T[]): { readonly values: readonly T[]; readonly isWhole: boolean } {
    const raw = this.raw(key);
    if (raw === null) return { values: fallback, isWhole: true };
    const elements = raw.value.split(",");
    if (elements.length > maxElements) {
      const message = `expected at most ${maxElements} elements, found ${elements.length}`;
      this.#problems.report("InvalidValue", raw.at, raw.value, message);
      return { values: [], isWhole: false };
    }
    const values = new Set<T>();
    let isWhole = true;
    for (const element of elements) {
      const value = key.parse(element.trim());
      if (value !== null) values.add(value);
      else {
        this.#problems.report("InvalidValue", raw.at, element.trim(), `expected ${key.expected}`);
        isWhole = false;
      }
    }
    return { values: [...values], isWhole };
  }
}

/** What every key of one Service is read by. */
export interface KeyNames {
  /** The prefix of the keys, slash included. */
  readonly keyPrefix: string;
  /** The keys that select Services, the prefix cut off: they say nothing else. */
  readonly selectorKeys: ReadonlySet<string>;
}

// To look for the nearest name takes time, and an annotation may be 256 KiB of keys.
const maxGuesses = 100;

/** Reports the keys whose absence would serve more than is wanted, misspelt ones too; true when there is one. */
export const checkGuards = (
  raw: ReadonlyMap<string, RawValue>,
  { keyPrefix, selectorKeys }: KeyNames,
  problems: ProblemList,
): boolean => {
  let isClosed = false;
  let guesses = 0;
  for (const [name, { value, at }] of raw) {
    const standing = keyStanding(name, value);
    if (standing.kind === "not-available") {
      const isClosing = standing.route === "closed";
      problems.report("NotAvailable", at, value, `not available yet, ${isClosing ? "so it is not routed" : "ignored"}`);
      isClosed ||= isClosing;
    }
    if (standing.kind !== "unknown" || selectorKeys.has(name) || guesses === maxGuesses) continue;
    guesses += 1;
    const nearest = suggestKey(name);
    if (nearest === null || !guards.has(nearest)) continue;
    const message = `no such key; did you mean ${keyPrefix}${nearest}? Without that it is not routed`;
    problems.report("UnknownKey", at, value, message);
    isClosed = true;
  }
  return isClosed;
};

/** Reports the keys that are not known, but for those that the selector names and those that `checkGuards` reported. */
export const checkNames = (
  raw: ReadonlyMap<string, RawValue>,
  { keyPrefix, selectorKeys }: KeyNames,
  problems: ProblemList,
): void => {
  for (const [name, { value, at }] of raw) {
    if (selectorKeys.has(name) || keyStanding(name, value).kind !== "unknown") continue;
    const nearest = problems.isFull ? null : suggestKey(name);
    if (nearest !== null && guards.has(nearest)) continue;
    const hint = nearest === null ? "" : `; did you mean ${keyPrefix}${nearest}?`;
    problems.report("UnknownKey", at, value, `no such key, ignored${hint}`);
  }
};
