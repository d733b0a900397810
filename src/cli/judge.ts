import { type Configuration, collectClaims, configure } from "../nginx/configuration.ts";
import type { SiteTemplate } from "../nginx/site-view.ts";
import { createWinnerFinder, type WinnerFinder } from "../routes/explain.ts";
import type { Problem } from "../routes/problem.ts";
import type { Route } from "../routes/route.ts";
import { type ServiceRef, serviceKey } from "../routes/service.ts";
import type { RoutingSettings } from "../settings/routing.ts";
import { type Finding, findingOf, sortFindings } from "./finding.ts";
import { type LoadedServices, notYet } from "./load.ts";
import type { Place } from "./place.ts";

/** What the cluster would make of the Services, and what it would say of them. */
export interface Judgement {
  readonly configuration: Configuration;
  /** Everybody's, conflicts included. */
  readonly routes: readonly Route[];
  /** What is wrong, with its places, in order of place. */
  readonly findings: readonly Finding[];
}

/** Where a key of a Service stands: that of `routes[0].path` is that of `routes`. */
export const placeOfKey = (loaded: LoadedServices, service: ServiceRef, key: string): Place | null => {
  const manifest = loaded.manifests.get(serviceKey(service));
  return manifest?.placeOf(key) ?? manifest?.placeOf(key.replace(/[[.][^/]*$/, "")) ?? null;
};

/** Where a Service asks for what it lost or won: at its path, else its host, else its name; several routes are asked for in one place. */
export const placeOfClaim = (loaded: LoadedServices, service: ServiceRef, keyPrefix: string): Place | null => {
  for (const name of ["routes", "path", "host", "default-backend"]) {
    const place = placeOfKey(loaded, service, `${keyPrefix}${name}`);
    if (place !== null) return place;
  }
  return loaded.manifests.get(serviceKey(service))?.place ?? null;
};

// Files do not say how old a Service will be: where it is the names that decide here, age may decide otherwise there.
const withAge = ({ message }: Problem, winner: Route | null): string =>
  winner?.createdAtMs === notYet && message.endsWith("comes first by name")
    ? `${message}; in a cluster the older one would have it`
    : message;

const locate = (problem: Problem, loaded: LoadedServices, findWinner: WinnerFinder, keyPrefix: string): Finding => {
  const { service, key } = problem;
  if (problem.reason === "Conflict") {
    const winner = findWinner(problem);
    const related = winner === null ? null : placeOfClaim(loaded, winner.service, keyPrefix);
    return findingOf(
      { ...problem, message: withAge(problem, winner) },
      placeOfClaim(loaded, service, keyPrefix),
      related,
    );
  }
  const place = key === null ? null : placeOfKey(loaded, service, key);
  return findingOf(problem, place ?? loaded.manifests.get(serviceKey(service))?.place ?? null, null);
};

/**
 * Runs the Services through the very core that the cluster runs them through.
 *
 * @throws TemplateError where a template of the user's own cannot be applied
 */
export const judge = (loaded: LoadedServices, routing: RoutingSettings, template: SiteTemplate): Judgement => {
  const policy = routing.hostPolicy?.policy ?? null;
  const configuration = configure(loaded.services, routing.configuration, policy, template);
  const { routes } = collectClaims(loaded.services, routing.configuration, policy);
  const { keyPrefix } = routing.configuration;
  const findWinner = createWinnerFinder(routes);
  const found = configuration.problems.map((problem) => locate(problem, loaded, findWinner, keyPrefix));
  return { configuration, routes, findings: sortFindings([...loaded.findings, ...found]) };
};
