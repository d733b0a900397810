import { keys } from "./keys.ts";
import { type ParseOptions, parseService } from "./parse.ts";
import { ProblemList } from "./problem-list.ts";
import { describeMatch, type Route } from "./route.ts";
import { readEntries } from "./route-entries.ts";
import type { RawValue } from "./route-settings.ts";
import type { ServiceRecord } from "./service.ts";
import { parseRouteList } from "./values/route-list.ts";

/**
 * The values that a route was made of, and where each stands: on its Service, or in the entry of `routes` it comes from.
 *
 * @param service the route's own
 */
export const settingsOfRoute = (
  service: ServiceRecord,
  route: Route,
  options: ParseOptions,
): ReadonlyMap<string, RawValue> => {
  const own = new Map(service.settings.map(({ key, value }) => [key, { value, at: key }]));
  const list = parseRouteList(own.get(keys.routes.name)?.value ?? "");
  if (list === null) return own;
  own.delete(keys.routes.name);
  const text = describeMatch(route.match);
  const entries = readEntries(list, own, new ProblemList(service, options.keyPrefix));
  const found = entries.find(({ raw }) => {
    const settings = [...raw].map(([key, { value }]) => ({ key, value }));
    const { routes } = parseService({ ...service, settings }, options);
    return routes.some(({ match, priority }) => describeMatch(match) === text && priority === route.priority);
  });
  return found?.raw ?? own;
};
