import { type Key, keyStanding, keys } from "./keys.ts";
import { type Problem, type ProblemReason, showValue } from "./problem.ts";
import type { Match, Route } from "./route.ts";
import type { ServiceRecord } from "./service.ts";
import { findUpstream } from "./upstream.ts";
import type { ClassName } from "./values/class-name.ts";
import { type LocationPath, prefixForm } from "./values/location-path.ts";

/** What a controller takes. */
export interface ParseOptions {
  /** The prefix of the keys, slash included. */
  readonly keyPrefix: string;
  /** Only Services of this class; null: only those without one. */
  readonly class: ClassName | null;
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
  readonly problems: Problem[] = [];
  isClosed = false;
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
    const { namespace, name } = this.#service;
    if (this.problems.length >= maxProblems) return;
    this.problems.push({
      service: { namespace, name },
      reason,
      key: key === null ? null : `${this.#keyPrefix}${showValue(key)}`,
      value: value === null ? null : showValue(value),
      message,
    });
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

  /** Reports the keys that are not known, or not available. */
  checkNames(): void {
    for (const [name, value] of this.#raw) {
      const standing = keyStanding(name);
      switch (standing.kind) {
        case "available":
          break;
        case "not-available":
          this.report(
            "NotAvailable",
            name,
            value,
            standing.route === "closed"
              ? "not available yet, so this Service is not routed"
              : "not available yet, ignored",
          );
          if (standing.route === "closed") this.isClosed = true;
          break;
        case "unknown": {
          const hint = standing.didYouMean === null ? "" : `; did you mean ${this.#keyPrefix}${standing.didYouMean}?`;
          this.report("UnknownKey", name, value, `no such key, ignored${hint}`);
          break;
        }
      }
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

/**
 * Parses one Service into routes and problems. Pure: the result depends on the arguments alone.
 * A bad value costs the routes that need it, and each is named in a problem.
 */
export const parseService = (service: ServiceRecord, options: ParseOptions): ParsedService => {
  const settings = new SettingsOfService(service, options.keyPrefix);
  const className = settings.one<ClassName | null>(keys.class, null);
  // A class that is no class is nobody's: the controller without a class reports it, so that somebody does.
  if (settings.isClosed ? options.class !== null : className !== options.class) return notTaken;
  settings.checkNames();
  const matches = readMatches(settings);
  const reference = settings.one(keys.port, null);
  const priority = settings.one(keys.priority, 0);
  const found = findUpstream(service, reference);
  if (!found.ok) {
    const raw = found.cause === "port" ? service.settings.find(({ key }) => key === keys.port.name) : undefined;
    // A port that did not parse has been reported as such.
    if (raw === undefined || reference !== null) {
      settings.report("Unroutable", raw === undefined ? null : keys.port.name, raw?.value ?? null, found.message);
    }
  }
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
  return { isTaken: true, routes, problems: settings.problems };
};
