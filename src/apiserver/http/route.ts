import type { Target } from "../api.ts";
import { apiVersionOf, type Resource, type Subresource } from "../resources/resource.ts";
import { noSuchPath } from "../status.ts";

/** The object or collection that a path names. */
export interface Route extends Target {
  readonly subresource: Subresource["name"] | null;
  /** The old form of a watch: a path that begins with `watch/`. */
  readonly watchPath: boolean;
}

const decodeSegments = (path: string): readonly string[] => {
  try {
    return path.split("/").slice(1).map(decodeURIComponent);
  } catch {
    throw noSuchPath();
  }
};

/** The API version of a path, and what follows it. */
const splitVersion = (segments: readonly string[]): { apiVersion: string; rest: readonly string[] } | null => {
  const [root, first, second] = segments;
  if (root === "api" && first !== undefined) return { apiVersion: first, rest: segments.slice(2) };
  if (root === "apis" && first !== undefined && second !== undefined) {
    return { apiVersion: `${first}/${second}`, rest: segments.slice(3) };
  }
  return null;
};

const findSubresource = (resource: Resource, name: string | undefined): Subresource["name"] | null => {
  if (name === undefined) return null;
  const found = resource.subresources.find((subresource) => subresource.name === name);
  if (found === undefined) throw noSuchPath();
  return found.name;
};

/**
 * Reads a path such as `/api/v1/namespaces/default/services/shop/status`.
 * @returns null where it is below no API version of these resources
 * @throws ApiError 404 where the version is known and the rest is not
 */
export const parseRoute = (resources: readonly Resource[], path: string): Route | null => {
  const version = splitVersion(decodeSegments(path));
  if (version === null || version.rest.length === 0) return null;
  const known = resources.filter((resource) => apiVersionOf(resource) === version.apiVersion);
  if (known.length === 0) return null;
  const watchPath = version.rest[0] === "watch";
  const rest = watchPath ? version.rest.slice(1) : version.rest;
  // `namespaces/NAME/status` is the namespace's own; `namespaces/NAME/services` is what it holds.
  const inNamespace =
    rest[0] === "namespaces" &&
    rest.length > 2 &&
    known.some(({ name, namespaced }) => namespaced && name.plural === rest[2]);
  const [namespace, [plural, name = "", sub, ...tail]] = inNamespace ? [rest[1] ?? "", rest.slice(2)] : ["", rest];
  const resource = known.find((one) => one.name.plural === plural);
  if (resource === undefined || tail.length > 0 || (inNamespace && !resource.namespaced)) throw noSuchPath();
  if (resource.namespaced && !inNamespace && name !== "") throw noSuchPath();
  return { resource, namespace, name, subresource: findSubresource(resource, sub), watchPath };
};
