import { type ParseOptions, parseService } from "../routes/parse.ts";
import { type Problem, sortProblems } from "../routes/problem.ts";
import { resolveRoutes } from "../routes/resolve.ts";
import type { Route } from "../routes/route.ts";
import type { ServiceRecord } from "../routes/service.ts";
import { type RenderOptions, renderSite } from "./render.ts";

/** Everything that decides the configuration beside the Services themselves. */
export interface ConfigurationOptions extends ParseOptions, RenderOptions {}

/** The whole way from Services to text. */
export interface Configuration {
  /** `default.conf`, footer included. */
  readonly text: string;
  readonly problems: readonly Problem[];
  /** Services of this controller's class. */
  readonly serviceCount: number;
  /** Matches that are served. */
  readonly routeCount: number;
}

/** Parses, resolves and renders. Pure, and the same for any order of the Services. */
export const configure = (services: Iterable<ServiceRecord>, options: ConfigurationOptions): Configuration => {
  const routes: Route[] = [];
  const problems: Problem[] = [];
  let serviceCount = 0;
  for (const service of services) {
    const parsed = parseService(service, options);
    if (!parsed.isTaken) continue;
    serviceCount += 1;
    for (const route of parsed.routes) routes.push(route);
    for (const problem of parsed.problems) problems.push(problem);
  }
  const { site, routeCount, conflicts } = resolveRoutes(routes);
  return {
    text: renderSite(site, options),
    problems: sortProblems([...problems, ...conflicts]),
    serviceCount,
    routeCount,
  };
};
