import type { Api } from "./api.ts";
import { deleteObject } from "./delete.ts";
import { type JsonObject, listAt, objectAt, stringAt } from "./json.ts";
import type { Resource } from "./resources/resource.ts";
import { removeObject } from "./update.ts";

const DELETION = { dryRun: false, uid: null, resourceVersion: null, propagationPolicy: null };

const isTerminating = (namespace: JsonObject): boolean =>
  stringAt(objectAt(namespace, "metadata"), "deletionTimestamp") !== "";

const contentOf = (api: Api, resource: Resource, namespace: string): readonly string[] =>
  api.store
    .list(resource.storage)
    .filter((stored) => stored.namespace === namespace)
    .map(({ name }) => name);

/** Deletes what a namespace on its way out holds, and lets the namespace go once nothing is left in it. */
const finish = (api: Api, namespaces: Resource, name: string): void => {
  const found = api.store.get(namespaces.storage, "", name);
  if (found === null || !isTerminating(found.object)) return;
  const namespaced = api.resources.filter((resource) => resource.namespaced);
  for (const resource of namespaced) {
    for (const content of contentOf(api, resource, name)) {
      deleteObject(api, { resource, namespace: name, name: content }, DELETION);
    }
  }
  if (namespaced.some((resource) => contentOf(api, resource, name).length > 0)) return;
  // Finalizers of the user's own hold the namespace still; only Kubernetes' is the controller's to remove.
  const finalizers = listAt(objectAt(found.object, "spec"), "finalizers").filter((one) => one !== "kubernetes");
  const held = finalizers.length + listAt(objectAt(found.object, "metadata"), "finalizers").length;
  if (held === 0) removeObject(api, { resource: namespaces, namespace: "", name });
  else if (finalizers.length < listAt(objectAt(found.object, "spec"), "finalizers").length) {
    api.store.put(namespaces.storage, "", name, { ...found.object, spec: { finalizers } });
  }
};

/**
 * Does the part of Kubernetes' namespace controller that a client can see: a deleted namespace loses its content and
 * goes. It acts after the request that caused it has been answered.
 * @returns a function that ends it
 */
export const startNamespaceController = (api: Api, namespaces: Resource): (() => void) => {
  const later = (name: string): void => {
    setImmediate(() => finish(api, namespaces, name));
  };
  const storages = new Set(api.resources.filter(({ namespaced }) => namespaced).map(({ storage }) => storage));
  const stops = [
    api.store.listen(namespaces.storage, ({ type, object, name }) => {
      if (type === "MODIFIED" && isTerminating(object)) later(name);
    }),
    ...[...storages].map((storage) =>
      api.store.listen(storage, ({ type, namespace }) => {
        const owner = type === "DELETED" ? api.store.get(namespaces.storage, "", namespace) : null;
        if (owner !== null && isTerminating(owner.object)) later(namespace);
      }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};
