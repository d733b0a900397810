import { type Key, keyStanding, keys, suggestKey } from "./keys.ts";
import { type Problem, type ProblemReason, showValue } from "./problem.ts";
import type { Match, Route } from "./route.ts";
import type { ServiceRecord } from "./service.ts";
import { findUpstream, type UpstreamResult } from "./upstream.ts";
import type { ClassName } from "./values/class-name.ts";
import { type LocationPath, prefixForm } from "./values/location-path.ts";
import type { PortReference } from "./values/port-reference.ts";

/** What a controller takes. */
export interface ParseOptions {
  /** The prefix of the keys, slash included. */
  readonly keyPrefix: string;
  /** Only Services of this class; null: only those without one. */
  readonly class: ClassName | null;
  /** The keys that select Services, the prefix cut off: they say nothing else. */
  readonly selectorKeys: ReadonlySet<string>;
}

/** What a Service asks for. `isTaken` is false when it is another controller's: then there is nothing else. */
export interface ParsedService {
  readonly isTaken: boolean;
  readonly routes: readonly Route[];
  readonly problems: readonly Problem[];
}

const notTaken: ParsedService = { isTaken: false, routes: [], problems: [] };

// One Service is one owner's: what it may cost everybody is bounded. An annotation may be 256 KiB of commas.
const maxElements = 500;
const maxMatches = 1000;
const maxProblems = 50;

/** The values of one Service as they are read: remembers every problem, and whether one closes the routes. */
class SettingsOfService {
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

const rootPath = "/" as LocationPath; // parseLocationPath("/") is "/"

const readMatches = (settings: SettingsOfService): readonly Match[] => {
  const hosts = settings.list(keys.host, [null]);
  const paths = settings.list(keys.path, [rootPath]);
  const pathType = settings.one(keys.pathType, "Prefix");
  const isDefaultBackend = settings.one(keys.defaultBackend, false);
  const matches: Match[] = isDefaultBackend ? [{ kind: "default-backend" }] : [];
  // A default backend that names neither host nor path asks for nothing else.
  if (isDefaultBackend && !settings.has(keys.host) && !settings.has(keys.path)) return matches;
  if (hosts.length * paths.length > maxMatches) {
    const message = `expected at most ${maxMatches} pairs of a host and a path, found ${hosts.length * paths.length}`;
    settings.report("InvalidValue", keys.path.name, null, message);
    return matches;
  }
  const forms = new Set(paths.map((path) => (pathType === "Prefix" ? prefixForm(path) : path)));
  for (const host of hosts) {
    for (const path of forms) matches.push({ kind: "path", host, path, pathType });
  }
  return matches;
};

const reportUpstream = (
  settings: SettingsOfService,
  service: ServiceRecord,
  reference: PortReference | null,
  found: Extract<UpstreamResult, { ok: false }>,
): void => {
  switch (found.cause) {
    case "service":
      settings.report("Unroutable", null, null, found.message);
      break;
    case "protocol":
      settings.report("NotAvailable", null, null, found.message);
      break;
    case "port": {
      const raw = service.settings.find(({ key }) => key === keys.port.name);
      // A port that did not parse has been reported as such.
      if (raw !== undefined && reference === null) break;
      settings.report("Unroutable", raw === undefined ? null : keys.port.name, raw?.value ?? null, found.message);
      break;
    }
  }
};

/**
 * Parses one Service into routes and problems. Pure: the result depends on the arguments alone.
 * A bad value costs the routes that need it, and each is named in a problem.
 */
export const parseService = (service: ServiceRecord, options: ParseOptions): ParsedService => {
  const settings = new SettingsOfService(service, options.keyPrefix);
  const className = settings.one<ClassName | null>(keys.class, null);
  // A class that is no class is nobody's: the controller without a class reports it, so that somebody does.
  if (settings.isClosed ? options.class !== null : className !== options.class) return notTaken;
  settings.checkAvailability();
  const matches = readMatches(settings);
  const reference = settings.one(keys.port, null);
  const priority = settings.one(keys.priority, 0);
  const found = findUpstream(service, reference);
  if (!found.ok) reportUpstream(settings, service, reference, found);
  // Last, since they are only said: what keeps a route from being served must find its place first.
  settings.checkNames(options.selectorKeys);
  const { namespace, name, createdAtMs } = service;
  const routes: Route[] =
    found.ok && !settings.isClosed
      ? matches.map((match) => ({
          service: { namespace, name },
          match,
          upstream: found.upstream,
          priority,
          createdAtMs,
        }))
      : [];
  return { isTaken: true, routes, problems: settings.problems() };
};
