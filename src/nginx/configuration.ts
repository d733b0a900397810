import { applyHostPolicy, type HostPolicy } from "../routes/host-policy.ts";
import { memoize } from "../routes/memoize.ts";
import { type ParseOptions, parseService } from "../routes/parse.ts";
import { type Problem, sortProblems } from "../routes/problem.ts";
import { type Holds, resolveRoutes, yieldToNewcomers } from "../routes/resolve.ts";
import type { Route } from "../routes/route.ts";
import type { ServiceRecord } from "../routes/service.ts";
import { builtInTemplate } from "./partials.ts";
import { type RenderOptions, renderSite } from "./render.ts";
import type { SiteTemplate } from "./site-view.ts";

/** Everything that decides the configuration beside the Services themselves. */
export interface ConfigurationOptions extends ParseOptions, RenderOptions {}

/** The whole way from Services to text. */
export interface Configuration {
  /** `default.conf`, footer included. */
  readonly text: string;
  readonly problems: readonly Problem[];
  /** Services of this controller's class. */
  readonly serviceCount: number;
  /** What is served, and by which Service; in no order. */
  readonly routes: readonly Route[];
  /** Matches that are served. */
  readonly routeCount: number;
}

/** What the Services ask for and may have, before conflicts are decided. */
export interface Claims {
  readonly routes: readonly Route[];
  readonly problems: readonly Problem[];
  /** Services of this controller's class. */
  readonly serviceCount: number;
}

/** Of thousands of Services one has changed since the last pass. */
const parserOf = memoize((options: ParseOptions) =>
  memoize((service: ServiceRecord) => parseService(service, options)),
);

/** Parses the Services, and leaves out what the host policy does not let them claim. Pure. */
export const collectClaims = (
  services: Iterable<ServiceRecord>,
  options: ParseOptions,
  hostPolicy: HostPolicy | null,
): Claims => {
  const routes: Route[] = [];
  const problems: Problem[] = [];
  let serviceCount = 0;
  const parse = parserOf(options);
  for (const service of services) {
    const parsed = parse(service);
    if (!parsed.isTaken) continue;
    serviceCount += 1;
    const permitted = applyHostPolicy(parsed.routes, hostPolicy, options.keyPrefix);
    for (const route of permitted.routes) routes.push(route);
    for (const problem of parsed.problems) problems.push(problem);
    for (const problem of permitted.problems) problems.push(problem);
  }
  return { routes, problems, serviceCount };
};

/**
 * Parses, permits, resolves and renders. Pure, and the same for any order of the Services.
 *
 * @param hostPolicy which namespace may claim which hosts; null: every one every host
 * @param holds which of the Services are given as they were, not as they are; null: none
 * @throws TemplateError where a template of the user's own cannot be applied
 */
export const configure = (
  services: Iterable<ServiceRecord>,
  options: ConfigurationOptions,
  hostPolicy: HostPolicy | null = null,
  template: SiteTemplate = builtInTemplate,
  holds: Holds | null = null,
): Configuration => {
  const { routes: claims, problems, serviceCount } = collectClaims(services, options, hostPolicy);
  const routes = holds === null ? claims : yieldToNewcomers(claims, holds);
  const { site, routes: served, routeCount, conflicts } = resolveRoutes(routes);
  return {
    text: renderSite(site, options, template),
    problems: sortProblems([...problems, ...conflicts]),
    serviceCount,
    routes: served,
    routeCount,
  };
};
