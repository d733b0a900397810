/** A kind of object in the API, by the names its URL has. The core group is the empty string. */
export interface KubeResource {
  readonly group: string;
  readonly version: string;
  /** Lower-case plural: `services`. */
  readonly plural: string;
}

export const SERVICES: KubeResource = { group: "", version: "v1", plural: "services" };
export const EVENTS: KubeResource = { group: "events.k8s.io", version: "v1", plural: "events" };
export const SECRETS: KubeResource = { group: "", version: "v1", plural: "secrets" };
export const ENDPOINT_SLICES: KubeResource = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" };

/**
 * The path of a collection, or of one object in it.
 *
 * @param namespace null: over all namespaces
 * @example resourcePath(SERVICES, "shop", "web") // "/api/v1/namespaces/shop/services/web"
 */
export const resourcePath = (resource: KubeResource, namespace: string | null, name?: string): string => {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = namespace === null ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
};

/** `services`, `events.events.k8s.io`: as `kubectl` and RBAC messages write it. */
export const resourceName = (resource: KubeResource): string =>
  resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
