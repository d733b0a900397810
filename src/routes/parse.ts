import type { RouteBehaviour } from "./behaviour.ts";
import { keys } from "./keys.ts";
import type { Problem } from "./problem.ts";
import { ProblemList } from "./problem-list.ts";
import { readBehaviour } from "./read-behaviour.ts";
import type { Match, Route, Upstream } from "./route.ts";
import { readEntries } from "./route-entries.ts";
import { checkGuards, checkNames, type RawValue, RouteSettings } from "./route-settings.ts";
import type { ServiceRecord } from "./service.ts";
import { findUpstream, type UpstreamResult } from "./upstream.ts";
import type { ClassName } from "./values/class-name.ts";
import { type LocationPath, prefixForm } from "./values/location-path.ts";

/** What a controller takes. */
export interface ParseOptions {
  /** The prefix of the keys, slash included. */
  readonly keyPrefix: string;
  /** Only Services of this class; null: only those without one. */
  readonly class: ClassName | null;
  /** The keys that select Services, the prefix cut off: they say nothing else. */
  readonly selectorKeys: ReadonlySet<string>;
  /** Whether the nginx that reads the configuration takes gRPC beside HTTP/1.1 on one port (1.25.1 and later). */
  readonly isGrpcAvailable: boolean;
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

const readMatches = (settings: RouteSettings): readonly Match[] => {
  const hosts = settings.list(keys.host, [null]);
  const paths = settings.list(keys.path, [rootPath]);
  const pathType = settings.one(keys.pathType, "Prefix");
  const isDefaultBackend = settings.one(keys.defaultBackend, false);
  const matches: Match[] = isDefaultBackend ? [{ kind: "default-backend" }] : [];
  // A default backend that names neither host nor path asks for nothing else.
  if (isDefaultBackend && !settings.has(keys.host) && !settings.has(keys.path)) return matches;
  if (hosts.length * paths.length > maxMatches) {
    const found = hosts.length * paths.length;
    settings.refuse(keys.path, `expected at most ${maxMatches} pairs of a host and a path, found ${found}`);
    return [];
  }
  const forms = new Set(paths.map((path) => (pathType === "Prefix" ? prefixForm(path) : path)));
  for (const host of hosts) {
    for (const path of forms) matches.push({ kind: "path", host, path, pathType });
  }
  return matches;
};

const reportUpstream = (
  settings: RouteSettings,
  problems: ProblemList,
  found: Extract<UpstreamResult, { ok: false }>,
): void => {
  switch (found.cause) {
    case "service":
      problems.report("Unroutable", null, null, found.message);
      break;
    case "protocol":
      problems.report("NotAvailable", null, null, found.message);
      break;
    case "port": {
      const raw = settings.raw(keys.port);
      problems.report("Unroutable", raw?.at ?? null, raw?.value ?? null, found.message);
      break;
    }
  }
};

const isGrpc = ({ protocol }: Upstream): boolean => protocol === "GRPC" || protocol === "GRPCS";

/** What gRPC needs, and what does not go with it. */
const checkGrpc = (
  settings: RouteSettings,
  behaviour: RouteBehaviour,
  problems: ProblemList,
  options: ParseOptions,
): void => {
  if (!options.isGrpcAvailable) {
    problems.report(
      "NotAvailable",
      null,
      null,
      "gRPC needs nginx 1.25.1 or later (NGINX_VERSION), so it is not routed",
    );
    settings.isClosed = true;
  }
  if (behaviour.stripsPrefix)
    settings.refuse(keys.stripPrefix, "expected false with gRPC, whose path names the method");
};

/**
 * The routes of one set of values: those of the Service, or of an entry of `routes`. When a value is bad, but not one that
 * says where they are mounted, they hold their places and are refused.
 */
const readRoutes = (
  settings: RouteSettings,
  service: ServiceRecord,
  problems: ProblemList,
  options: ParseOptions,
): readonly Route[] => {
  const { wasClosed } = settings.reopen();
  const matches = readMatches(settings);
  const isPlaceKnown = !settings.isClosed;
  const reference = settings.one(keys.port, null);
  const priority = settings.one(keys.priority, 0);
  const behaviour = readBehaviour(settings);
  const found = findUpstream(service, reference, behaviour.protocol);
  if (!found.ok) {
    // A port that did not parse has been reported as such.
    const isPortBad = reference === null && settings.has(keys.port);
    if (!isPortBad || found.cause !== "port") reportUpstream(settings, problems, found);
  }
  if (found.ok && isGrpc(found.upstream)) checkGrpc(settings, behaviour, problems, options);
  if (!isPlaceKnown) return [];
  const { namespace, name, createdAtMs } = service;
  const upstream = found.ok && !settings.isClosed && !wasClosed ? found.upstream : null;
  return matches.map((match) => ({ service: { namespace, name }, match, upstream, behaviour, priority, createdAtMs }));
};

/**
 * Parses one Service into routes and problems. Pure: the result depends on the arguments alone.
 * A bad value costs the routes that need it, and each is named in a problem.
 */
export const parseService = (service: ServiceRecord, options: ParseOptions): ParsedService => {
  const problems = new ProblemList(service, options.keyPrefix);
  const own: ReadonlyMap<string, RawValue> = new Map(
    service.settings.map(({ key, value }) => [key, { value, at: key }]),
  );
  const settings = new RouteSettings(own, problems);
  const className = settings.one<ClassName | null>(keys.class, null);
  // A class that is no class is nobody's: the controller without a class reports it, so that somebody does.
  if (settings.isClosed ? options.class !== null : className !== options.class) return notTaken;
  const isClassBad = settings.isClosed;
  const list = settings.one(keys.routes, null);
  const entries = list === null ? [{ raw: own, isGood: !settings.isClosed }] : readEntries(list, own, problems);
  const routes: Route[] = [];
  for (const { raw, isGood } of entries) {
    const ofEntry = new RouteSettings(raw, problems);
    ofEntry.isClosed = checkGuards(raw, options, problems) || !isGood;
    const read = readRoutes(ofEntry, service, problems, options);
    if (!isClassBad) for (const route of read) routes.push(route);
  }
  if (routes.length > maxMatches) {
    settings.refuse(keys.routes, `expected at most ${maxMatches} routes of one Service, found ${routes.length}`);
    routes.length = 0;
  }
  // Last, since they are only said: what keeps a route from being served must find its place first.
  for (const { raw } of entries) checkNames(raw, options, problems);
  return { isTaken: true, routes, problems: problems.all() };
};
