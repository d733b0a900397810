import { keys } from "./keys.ts";
import type { Problem } from "./problem.ts";
import { readBehaviour } from "./read-behaviour.ts";
import type { Match, Route } from "./route.ts";
import type { ServiceRecord } from "./service.ts";
import { SettingsOfService } from "./settings-of-service.ts";
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

// One Service is one owner's: what it may cost everybody is bounded.
const maxMatches = 1000;

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
  const behaviour = readBehaviour(settings);
  const found = findUpstream(service, reference, behaviour.protocol);
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
          behaviour,
          priority,
          createdAtMs,
        }))
      : [];
  return { isTaken: true, routes, problems: settings.problems() };
};
