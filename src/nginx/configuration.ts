import type { SealedFile } from "../contract/footer.ts";
import { createChunker } from "../routes/chunks.ts";
import { type Holds, yieldToNewcomers } from "../routes/holds.ts";
import { applyHostPolicy, type HostPolicy } from "../routes/host-policy.ts";
import { memoize } from "../routes/memoize.ts";
import { type ParseOptions, parseService } from "../routes/parse.ts";
import { type Problem, sortProblems } from "../routes/problem.ts";
import { createResolver } from "../routes/resolve.ts";
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
  readonly file: SealedFile;
  /** The same as one text; made when it is asked for. */
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

/** Stands for no policy: what is remembered is remembered by object. */
const noPolicy = {};

/** What passes with the same options remember of each other: it saves work, and changes nothing that comes of it. */
const memoryOf = memoize((options: ConfigurationOptions) => ({
  chunk: createChunker<ServiceRecord>(),
  claims: memoize((policy: HostPolicy | typeof noPolicy) =>
    memoize((chunk: readonly ServiceRecord[]) => collectClaims(chunk, options, "namespaces" in policy ? policy : null)),
  ),
  resolve: createResolver(),
}));

/**
 * Parses, permits, resolves and renders. Pure, and the same for any order of the Services. Where few of them are others
 * than in the last pass with the same options, little more is done than to look at the bytes that stay.
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
  const memory = memoryOf(options);
  const claims = memory.chunk([...services]).map(memory.claims(hostPolicy ?? noPolicy));
  const routes = claims.map((chunk) => chunk.routes);
  const { site, conflicts, ...resolved } = memory.resolve(holds === null ? routes : yieldToNewcomers(routes, holds));
  const file = renderSite(site, options, template);
  return {
    file,
    get text() {
      return Buffer.concat(file.pieces).toString();
    },
    problems: sortProblems([...claims.flatMap(({ problems }) => problems), ...conflicts]),
    serviceCount: claims.reduce((sum, { serviceCount }) => sum + serviceCount, 0),
    routes: resolved.routes,
    routeCount: resolved.routeCount,
  };
};
