import { isIPv4 } from "node:net";
import { duplicateValue, forbiddenField, invalidValue, requiredValue, unsupportedValue } from "../invalid.ts";
import { isObject, type JsonObject, listAt, numberAt, objectAt, stringAt } from "../json.ts";
import type { Cause } from "../status.ts";
import { validateLabels } from "./metadata.ts";
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelKeyProblems,
  portNameProblems,
  portNumberProblem,
} from "./names.ts";
import { isExternallyReachable, isHeadless, portsOf, specOf, typeOf } from "./service-fields.ts";

const isPortNumber = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;

const oneOf = (path: string, value: string, supported: readonly string[]): readonly Cause[] =>
  value === "" ? [requiredValue(path)] : supported.includes(value) ? [] : [unsupportedValue(path, value, supported)];

const validateTargetPort = (port: JsonObject, path: string): readonly Cause[] => {
  const value = port.targetPort ?? 0;
  if (typeof value === "string") return portNameProblems(value).map((why) => invalidValue(path, value, why));
  return isPortNumber(value) ? [] : [invalidValue(path, value, portNumberProblem)];
};

const validatePort = (port: JsonObject, path: string, nameRequired: boolean, names: Set<string>): readonly Cause[] => {
  const name = stringAt(port, "name");
  const causes: Cause[] = [];
  if (name === "" && nameRequired) causes.push(requiredValue(`${path}.name`));
  if (name !== "") {
    causes.push(...dns1123LabelProblems(name).map((why) => invalidValue(`${path}.name`, name, why)));
    if (names.has(name)) causes.push(duplicateValue(`${path}.name`, name));
    names.add(name);
  }
  if (!isPortNumber(port.port)) causes.push(invalidValue(`${path}.port`, port.port ?? 0, portNumberProblem));
  causes.push(...oneOf(`${path}.protocol`, stringAt(port, "protocol"), ["SCTP", "TCP", "UDP"]));
  causes.push(...validateTargetPort(port, `${path}.targetPort`));
  const application = stringAt(port, "appProtocol");
  if (application !== "") {
    causes.push(...labelKeyProblems(application).map((why) => invalidValue(`${path}.appProtocol`, application, why)));
  }
  return causes;
};

const validatePorts = (service: JsonObject): readonly Cause[] => {
  const ports = portsOf(service);
  const type = typeOf(service);
  const names = new Set<string>();
  const required = ports.length === 0 && !isHeadless(service) && type !== "ExternalName";
  return [
    ...(required ? [requiredValue("spec.ports")] : []),
    ...(type === "ExternalName" ? validateExternalName(specOf(service)) : []),
    ...ports.flatMap((port, index) => validatePort(port, `spec.ports[${index}]`, ports.length > 1, names)),
  ];
};

const validateExternalName = (spec: JsonObject): readonly Cause[] => {
  const causes: Cause[] = [];
  if (listAt(spec, "clusterIPs").length > 0 || stringAt(spec, "clusterIP") !== "") {
    causes.push(forbiddenField("spec.clusterIPs", "may not be set for ExternalName services"));
  }
  const name = stringAt(spec, "externalName");
  if (name === "") causes.push(requiredValue("spec.externalName"));
  // A trailing dot marks a fully qualified name.
  else {
    const problems = dns1123SubdomainProblems(name.replace(/\.$/, ""));
    causes.push(...problems.map((why) => invalidValue("spec.externalName", name, why)));
  }
  return causes;
};

/** Two ports with the same number and protocol, and two with the same node port and protocol. */
const validateDuplicatePorts = (service: JsonObject): readonly Cause[] => {
  const causes: Cause[] = [];
  for (const member of ["port", "nodePort"] as const) {
    const seen = new Set<string>();
    for (const [index, port] of portsOf(service).entries()) {
      const number = numberAt(port, member) ?? 0;
      if (member === "nodePort" && number === 0) continue;
      const key = `${stringAt(port, "protocol")}/${number}`;
      const path = member === "port" ? `spec.ports[${index}]` : `spec.ports[${index}].nodePort`;
      const { port: value, nodePort, protocol } = port;
      const shown = member === "port" ? { port: value ?? 0, protocol: protocol ?? "" } : { nodePort: nodePort ?? 0 };
      if (seen.has(key)) causes.push(duplicateValue(path, shown));
      seen.add(key);
    }
  }
  return causes;
};

const validateAffinity = (spec: JsonObject): readonly Cause[] => {
  const affinity = stringAt(spec, "sessionAffinity");
  const causes = [...oneOf("spec.sessionAffinity", affinity, ["ClientIP", "None"])];
  const path = "spec.sessionAffinityConfig";
  if (affinity === "None" && isObject(spec.sessionAffinityConfig)) {
    causes.push(forbiddenField(path, "must not be set when session affinity is None"));
  }
  const seconds = numberAt(objectAt(spec.sessionAffinityConfig, "clientIP"), "timeoutSeconds");
  if (affinity === "ClientIP" && (seconds === null || seconds <= 0 || seconds > 86_400)) {
    const why = "must be greater than 0 and less than 86400";
    causes.push(invalidValue(`${path}.clientIP.timeoutSeconds`, seconds ?? 0, why));
  }
  return causes;
};

const IP_PROBLEM = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const validateAddresses = (service: JsonObject): readonly Cause[] => {
  const spec = specOf(service);
  const addresses = listAt(spec, "clusterIPs").map(String);
  const causes: Cause[] = [];
  if (typeOf(service) === "ExternalName") return causes;
  const first = addresses[0] ?? "";
  if (first !== stringAt(spec, "clusterIP")) {
    const shown = addresses.length === 0 ? "[]string(nil)" : first;
    causes.push(invalidValue("spec.clusterIPs[0]", shown, "first value must match `clusterIP`"));
  }
  if (isHeadless(service) && ["NodePort", "LoadBalancer"].includes(typeOf(service))) {
    const why = `may not be set to 'None' for ${typeOf(service)} services`;
    causes.push(invalidValue("spec.clusterIPs[0]", "None", why));
  }
  for (const [index, address] of addresses.entries()) {
    if (address !== "None" && !isIPv4(address))
      causes.push(invalidValue(`spec.clusterIPs[${index}]`, address, IP_PROBLEM));
  }
  return causes;
};

const validateExternalIps = (spec: JsonObject): readonly Cause[] =>
  listAt(spec, "externalIPs").flatMap((value, index) => {
    const path = `spec.externalIPs[${index}]`;
    const address = String(value);
    if (!isIPv4(address)) return [invalidValue(path, address, IP_PROBLEM)];
    if (address === "0.0.0.0") return [invalidValue(path, address, "may not be unspecified (0.0.0.0 or ::)")];
    if (address.startsWith("127.")) {
      return [invalidValue(path, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)")];
    }
    return [];
  });

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

const validatePolicies = (service: JsonObject): readonly Cause[] => {
  const spec = specOf(service);
  const causes: Cause[] = [];
  const external = stringAt(spec, "externalTrafficPolicy");
  const path = "spec.externalTrafficPolicy";
  if (external !== "" && !isExternallyReachable(service)) {
    causes.push(invalidValue(path, external, "may only be set for externally-accessible services"));
  } else if (external !== "") causes.push(...oneOf(path, external, ["Cluster", "Local"]));
  const internal = spec.internalTrafficPolicy;
  if (typeof internal === "string") causes.push(...oneOf("spec.internalTrafficPolicy", internal, ["Cluster", "Local"]));
  if (spec.allocateLoadBalancerNodePorts !== undefined && typeOf(service) !== "LoadBalancer") {
    const member = "spec.allocateLoadBalancerNodePorts";
    causes.push(forbiddenField(member, "may only be used when `type` is 'LoadBalancer'"));
  }
  for (const [index, port] of portsOf(service).entries()) {
    if (typeOf(service) === "ClusterIP" && port.nodePort) {
      causes.push(forbiddenField(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
  }
  return causes;
};

/** A Service's address stays what it is for as long as its type needs one. */
const validateImmutableAddress = (service: JsonObject, old: JsonObject): readonly Cause[] => {
  const [now, before] = [listAt(specOf(service), "clusterIPs"), listAt(specOf(old), "clusterIPs")];
  const kept = before[0] === undefined || typeOf(old) === "ExternalName" || typeOf(service) === "ExternalName";
  if (kept || now[0] === before[0]) return [];
  const why = now.length === 0 ? "primary clusterIP can not be unset" : "may not change once set";
  return [invalidValue("spec.clusterIPs[0]", now.length === 0 ? null : now.map(String), why)];
};

/** Problems of a Service below metadata (k8s.io/kubernetes/pkg/apis/core/validation, ValidateService). */
export const validateService = (service: JsonObject, old: JsonObject | null): readonly Cause[] => {
  const spec = specOf(service);
  return [
    ...(old === null ? [] : validateImmutableAddress(service, old)),
    ...validatePorts(service),
    ...validateLabels(objectAt(spec, "selector"), "spec.selector"),
    ...validateAffinity(spec),
    ...validateAddresses(service),
    ...validateExternalIps(spec),
    ...oneOf("spec.type", typeOf(service), TYPES),
    ...validateDuplicatePorts(service),
    ...validatePolicies(service),
  ];
};
