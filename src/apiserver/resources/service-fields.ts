import { isObject, type JsonObject, listAt, numberAt, objectAt, stringAt } from "../json.ts";

/** What a Service's type asks for; the rules of k8s.io/kubernetes/pkg/registry/core/service. */

export const specOf = (service: JsonObject): JsonObject => objectAt(service, "spec");
export const typeOf = (service: JsonObject): string => stringAt(specOf(service), "type");
export const portsOf = (service: JsonObject): readonly JsonObject[] =>
  listAt(specOf(service), "ports").filter(isObject);
export const isHeadless = (service: JsonObject): boolean =>
  stringAt(specOf(service), "clusterIP") === "None" || listAt(specOf(service), "clusterIPs")[0] === "None";

export const needsClusterIp = (service: JsonObject): boolean =>
  ["ClusterIP", "NodePort", "LoadBalancer"].includes(typeOf(service));
export const needsNodePort = (service: JsonObject): boolean =>
  typeOf(service) === "NodePort" ||
  (typeOf(service) === "LoadBalancer" && specOf(service).allocateLoadBalancerNodePorts !== false);
export const isExternallyReachable = (service: JsonObject): boolean =>
  ["NodePort", "LoadBalancer"].includes(typeOf(service)) || listAt(specOf(service), "externalIPs").length > 0;
export const needsHealthCheckNodePort = (service: JsonObject): boolean =>
  typeOf(service) === "LoadBalancer" && stringAt(specOf(service), "externalTrafficPolicy") === "Local";

export const nodePortsOf = (service: JsonObject): readonly number[] =>
  portsOf(service).flatMap((port) => numberAt(port, "nodePort") || []);

/** The addresses (without None) and node ports that the Service holds. */
export const claimsOf = (
  service: JsonObject | null,
): { addresses: readonly string[]; nodePorts: readonly number[] } => {
  if (service === null) return { addresses: [], nodePorts: [] };
  const addresses = listAt(specOf(service), "clusterIPs").filter((one) => typeof one === "string" && one !== "None");
  const health = numberAt(specOf(service), "healthCheckNodePort") || [];
  return { addresses: addresses.map(String), nodePorts: [...nodePortsOf(service), health].flat() };
};
