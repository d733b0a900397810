import type { JsonObject } from "./json.ts";
import { apiVersionOf, type Resource } from "./resources/resource.ts";
import { SELF_SUBJECT_ACCESS_REVIEW, SELF_SUBJECT_RULES_REVIEW } from "./schema/access-review.ts";
import type { ObjectSchema } from "./schema/schema.ts";

/** What the server is, as `/version` tells it: the API follows this minor version of Kubernetes. */
export const VERSION_INFO: JsonObject = {
  major: "1",
  minor: "33",
  gitVersion: "v1.33.0+hotroute",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: `${process.platform}/${process.arch}`,
};

/** A kind that is only created, never stored: a question to the server. */
interface Review {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
}

export const ACCESS_REVIEWS: readonly Review[] = [
  {
    group: "authorization.k8s.io",
    version: "v1",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    schema: SELF_SUBJECT_ACCESS_REVIEW,
  },
  {
    group: "authorization.k8s.io",
    version: "v1",
    plural: "selfsubjectrulesreviews",
    kind: "SelfSubjectRulesReview",
    schema: SELF_SUBJECT_RULES_REVIEW,
  },
];

const resourceEntries = (resource: Resource): readonly JsonObject[] => [
  {
    name: resource.name.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: [...resource.verbs],
    shortNames: [...resource.shortNames],
    ...(resource.categories.length > 0 ? { categories: [...resource.categories] } : {}),
  },
  ...resource.subresources.map((subresource) => ({
    name: `${resource.name.plural}/${subresource.name}`,
    singularName: "",
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: [...subresource.verbs],
  })),
];

const reviewEntry = (review: Review): JsonObject => ({
  name: review.plural,
  singularName: review.kind.toLowerCase(),
  namespaced: false,
  kind: review.kind,
  verbs: ["create"],
});

/** API versions beside core/v1, by group. */
const groupsOf = (resources: readonly Resource[]): readonly { group: string; version: string }[] => {
  const all = [...resources.map(({ name, version }) => ({ group: name.group, version })), ...ACCESS_REVIEWS];
  const groups = new Map(all.filter(({ group }) => group !== "").map(({ group, version }) => [group, version]));
  return [...groups].map(([group, version]) => ({ group, version })).toSorted((a, b) => (a.group < b.group ? -1 : 1));
};

/** APIResourceList of a version such as "v1" or "events.k8s.io/v1"; null where there is none. */
export const resourceList = (resources: readonly Resource[], groupVersion: string): JsonObject | null => {
  const entries = [
    ...resources.filter((resource) => apiVersionOf(resource) === groupVersion).flatMap(resourceEntries),
    ...ACCESS_REVIEWS.filter(({ group, version }) => `${group}/${version}` === groupVersion).map(reviewEntry),
  ];
  if (entries.length === 0) return null;
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources: entries };
};

const groupEntry = ({ group, version }: { group: string; version: string }): JsonObject => {
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: entry };
};

/** APIVersions, the answer of `/api`. */
export const coreVersions = (address: string): JsonObject => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
});

/** APIGroupList, the answer of `/apis`. */
export const groupList = (resources: readonly Resource[]): JsonObject => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: groupsOf(resources).map(groupEntry),
});

/** APIGroup, the answer of `/apis/GROUP`; null where there is none. */
export const groupOf = (resources: readonly Resource[], group: string): JsonObject | null => {
  const found = groupsOf(resources).find((one) => one.group === group);
  return found === undefined ? null : { kind: "APIGroup", apiVersion: "v1", ...groupEntry(found) };
};

const discoveryEntry = (resource: Resource): JsonObject => ({
  resource: resource.name.plural,
  responseKind: { group: resource.name.group, version: resource.version, kind: resource.kind },
  scope: resource.namespaced ? "Namespaced" : "Cluster",
  singularResource: resource.singular,
  verbs: [...resource.verbs],
  shortNames: [...resource.shortNames],
  ...(resource.categories.length > 0 ? { categories: [...resource.categories] } : {}),
  ...(resource.subresources.length > 0
    ? {
        subresources: resource.subresources.map(({ name, verbs }) => ({
          subresource: name,
          responseKind: { group: resource.name.group, version: resource.version, kind: resource.kind },
          verbs: [...verbs],
        })),
      }
    : {}),
});

const reviewDiscovery = ({ group, version, plural, kind }: Review): JsonObject => ({
  resource: plural,
  responseKind: { group, version, kind },
  scope: "Cluster",
  singularResource: kind.toLowerCase(),
  verbs: ["create"],
});

/**
 * Aggregated discovery: everything in one answer.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 * @param root "/api" for core, "/apis" for the groups
 */
export const aggregatedDiscovery = (
  resources: readonly Resource[],
  root: "/api" | "/apis",
  version: "v2" | "v2beta1",
): JsonObject => {
  const groups = root === "/api" ? [{ group: "", version: "v1" }] : groupsOf(resources);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, version: groupVersion }) => ({
      metadata: group === "" ? {} : { name: group },
      versions: [
        {
          version: groupVersion,
          freshness: "Current",
          resources: [
            ...resources.filter(({ name }) => name.group === group).map(discoveryEntry),
            ...ACCESS_REVIEWS.filter((review) => review.group === group).map(reviewDiscovery),
          ],
        },
      ],
    })),
  };
};
