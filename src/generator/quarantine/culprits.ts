import type { SiteTemplate } from "../../nginx/site-view.ts";
import { type ServiceRecord, type ServiceRef, serviceKey } from "../../routes/service.ts";
import type { Ingredients } from "./ingredients.ts";

/**
 * Who is to blame for a configuration that nginx refused.
 * - `one`: this Service
 * - `some`: one of these at least
 * - `template`: the template, which has changed since; `served` is the one that was taken
 * - `nobody`: neither: the cause is not in what the generator makes, or cannot be told
 */
export type Verdict =
  | { readonly kind: "one"; readonly service: ServiceRecord }
  | { readonly kind: "some"; readonly services: readonly ServiceRecord[] }
  | { readonly kind: "template"; readonly served: SiteTemplate }
  | { readonly kind: "nobody" };

/** What nginx serves was made of this, as far as is known. */
export interface Served {
  readonly services: readonly ServiceRecord[];
  /** Null where another process applied it. */
  readonly template: SiteTemplate | null;
}

/** Whether two versions of a Service say the same. */
export const isSameService = (a: ServiceRecord, b: ServiceRecord): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

export const byKey = (services: readonly ServiceRecord[]): ReadonlyMap<string, ServiceRecord> =>
  new Map(services.map((service) => [serviceKey(service), service]));

/**
 * Finds the culprit. Only what has changed since nginx last took a configuration can be it. Pure.
 *
 * @param served what nginx serves was made of this; null when that is not known: then only a line can accuse
 * @param owners the Services of the line that nginx named
 */
export const findCulprits = (refused: Ingredients, served: Served | null, owners: readonly ServiceRef[]): Verdict => {
  const before = served === null ? null : byKey(served.services);
  const changed = refused.services.filter((service) => {
    const known = before?.get(serviceKey(service));
    return known === undefined || !isSameService(known, service);
  });
  const [owner, ...others] = owners;
  if (owner !== undefined && others.length === 0) {
    const accused = changed.find((service) => serviceKey(service) === serviceKey(owner));
    if (accused !== undefined) return { kind: "one", service: accused };
  }
  if (served === null) return { kind: "nobody" };
  if (served.template !== null && served.template !== refused.template)
    return { kind: "template", served: served.template };
  const [first, ...rest] = changed;
  if (first === undefined) return { kind: "nobody" };
  return rest.length === 0 ? { kind: "one", service: first } : { kind: "some", services: changed };
};
