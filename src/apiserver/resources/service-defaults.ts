import { equalJson, isObject, type Json, type JsonObject, listAt, numberAt, stringAt, withMember } from "../json.ts";
import {
  isExternallyReachable,
  needsClusterIp,
  needsHealthCheckNodePort,
  needsNodePort,
  nodePortsOf,
  portsOf,
  specOf,
  typeOf,
} from "./service-fields.ts";

const withSpec = (service: JsonObject, spec: JsonObject): JsonObject => ({ ...service, spec });

/** Sets members of the spec; null removes one. */
const setSpec = (service: JsonObject, members: Readonly<Record<string, Json | undefined>>): JsonObject => {
  const spec = Object.entries(members).reduce((sum, [key, value]) => withMember(sum, key, value), specOf(service));
  return withSpec(service, spec);
};

const defaultPort = (port: Json): Json => {
  if (!isObject(port)) return port;
  const { targetPort } = port;
  const unset = targetPort === undefined || targetPort === 0 || targetPort === "";
  return {
    ...port,
    protocol: stringAt(port, "protocol") || "TCP",
    targetPort: unset ? (port.port ?? 0) : targetPort,
  };
};

const sessionAffinityConfig = (spec: JsonObject, affinity: string): Json => {
  if (affinity === "None") return null;
  const given = spec.sessionAffinityConfig;
  const clientIP = isObject(given) && isObject(given.clientIP) ? given.clientIP : {};
  return { clientIP: { timeoutSeconds: 10_800, ...clientIP } };
};

/** The API's defaulting of a Service (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, SetDefaults_Service). */
export const defaultService = (service: JsonObject): JsonObject => {
  const spec = specOf(service);
  const type = typeOf(service) || "ClusterIP";
  const affinity = stringAt(spec, "sessionAffinity") || "None";
  const config = affinity === "ClientIP" || affinity === "None" ? sessionAffinityConfig(spec, affinity) : undefined;
  const ports = listAt(spec, "ports").map(defaultPort);
  const exposed = type === "NodePort" || type === "LoadBalancer";
  return setSpec(service, {
    ...(ports.length > 0 ? { ports } : {}),
    type,
    sessionAffinity: affinity,
    ...(config === undefined ? {} : { sessionAffinityConfig: config }),
    ...(exposed && !spec.externalTrafficPolicy ? { externalTrafficPolicy: "Cluster" } : {}),
    ...(["ClusterIP", "NodePort", "LoadBalancer"].includes(type) && spec.internalTrafficPolicy === undefined
      ? { internalTrafficPolicy: "Cluster" }
      : {}),
    ...(type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts === undefined
      ? { allocateLoadBalancerNodePorts: true }
      : {}),
  });
};

/** The IP families of a cluster with IPv4 addresses; a headless Service without a selector claims both. */
const defaultFamilies = (service: JsonObject): JsonObject => {
  if (!needsClusterIp(service)) return service;
  const spec = specOf(service);
  const selectorless = Object.keys(isObject(spec.selector) ? spec.selector : {}).length === 0;
  const both = stringAt(spec, "clusterIP") === "None" && selectorless;
  return setSpec(service, {
    ipFamilies: spec.ipFamilies ?? (both ? ["IPv4", "IPv6"] : ["IPv4"]),
    ipFamilyPolicy: spec.ipFamilyPolicy ?? (both ? "RequireDualStack" : "SingleStack"),
  });
};

/** Keeps clusterIP and clusterIPs one value in two members, whichever of them a client wrote. */
const normalizeClusterIps = (service: JsonObject, old: JsonObject | null): JsonObject => {
  const spec = specOf(service);
  const [address, addresses] = [stringAt(spec, "clusterIP"), listAt(spec, "clusterIPs")];
  if (old === null) {
    return address !== "" && addresses.length === 0 ? setSpec(service, { clusterIPs: [address] }) : service;
  }
  const before = specOf(old);
  if (address !== stringAt(before, "clusterIP") && equalJson(addresses, listAt(before, "clusterIPs"))) {
    return setSpec(service, { clusterIPs: address === "" ? null : [address, ...addresses.slice(1)] });
  }
  return address === "" && addresses.length > 0 ? service : withPrimary(service, addresses, before);
};

const withPrimary = (service: JsonObject, addresses: readonly Json[], before: JsonObject): JsonObject => {
  const same = stringAt(specOf(service), "clusterIP") === stringAt(before, "clusterIP");
  if (!same || equalJson(addresses, listAt(before, "clusterIPs"))) return service;
  return setSpec(service, { clusterIP: addresses[0] ?? null });
};

export const prepareServiceForCreate = (service: JsonObject): JsonObject => {
  const fresh = { ...service, status: { loadBalancer: {} } };
  return defaultFamilies(normalizeClusterIps(fresh, null));
};

/** Carries over what the server gave out before and the client left away. */
const patchAllocated = (service: JsonObject, old: JsonObject): JsonObject => {
  let patched = service;
  const [spec, before] = [specOf(service), specOf(old)];
  if (needsClusterIp(service) && needsClusterIp(old)) {
    const address = stringAt(spec, "clusterIP") || stringAt(before, "clusterIP");
    const keepAll = listAt(spec, "clusterIPs").length === 0 && address === stringAt(before, "clusterIP");
    patched = setSpec(patched, { clusterIP: address || null, ...(keepAll ? { clusterIPs: before.clusterIPs } : {}) });
  }
  if (needsNodePort(service) && needsNodePort(old)) patched = patchNodePorts(patched, old);
  if (needsHealthCheckNodePort(service) && needsHealthCheckNodePort(old) && !spec.healthCheckNodePort) {
    patched = setSpec(patched, { healthCheckNodePort: before.healthCheckNodePort });
  }
  return patched;
};

/** Node ports go by the port's name, whatever else of the port was changed. */
const patchNodePorts = (service: JsonObject, old: JsonObject): JsonObject => {
  const used = new Set(nodePortsOf(service).filter((port) => nodePortsOf(old).includes(port)));
  const byName = new Map(portsOf(old).map((port) => [stringAt(port, "name"), numberAt(port, "nodePort")]));
  const ports = portsOf(service).map((port) => {
    const known = byName.get(stringAt(port, "name"));
    return port.nodePort || !known || used.has(known) ? port : { ...port, nodePort: known };
  });
  return setSpec(service, { ports });
};

/** Drops what belonged to the old type, where the client did not change it together with the type. */
const dropTypeDependent = (service: JsonObject, old: JsonObject): JsonObject => {
  let dropped = service;
  const [spec, before] = [specOf(service), specOf(old)];
  const same = (...members: readonly string[]): boolean => members.every((one) => equalJson(spec[one], before[one]));
  if (needsClusterIp(old) && !needsClusterIp(service)) {
    if (same("clusterIP", "clusterIPs")) dropped = setSpec(dropped, { clusterIP: null, clusterIPs: null });
    if (same("ipFamilies")) dropped = setSpec(dropped, { ipFamilies: null });
    if (same("ipFamilyPolicy")) dropped = setSpec(dropped, { ipFamilyPolicy: null });
    if (same("internalTrafficPolicy")) dropped = setSpec(dropped, { internalTrafficPolicy: null });
  }
  if (needsNodePort(old) && !needsNodePort(service) && equalJson([...nodePortsOf(service)], [...nodePortsOf(old)])) {
    const ports = portsOf(service).map((port) => withMember(port, "nodePort", null));
    dropped = setSpec(dropped, ports.length > 0 ? { ports } : {});
  }
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(service) && same("healthCheckNodePort")) {
    dropped = setSpec(dropped, { healthCheckNodePort: null });
  }
  if (typeOf(old) === "LoadBalancer" && typeOf(service) !== "LoadBalancer") {
    if (same("allocateLoadBalancerNodePorts")) dropped = setSpec(dropped, { allocateLoadBalancerNodePorts: null });
    if (same("loadBalancerClass")) dropped = setSpec(dropped, { loadBalancerClass: null });
  }
  if (isExternallyReachable(old) && !isExternallyReachable(service) && same("externalTrafficPolicy")) {
    dropped = setSpec(dropped, { externalTrafficPolicy: null });
  }
  return dropped;
};

export const prepareServiceForUpdate = (service: JsonObject, old: JsonObject): JsonObject => {
  const kept = { ...service, status: old.status ?? { loadBalancer: {} } };
  return defaultFamilies(dropTypeDependent(normalizeClusterIps(patchAllocated(kept, old), old), old));
};
