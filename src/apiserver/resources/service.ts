import { invalid, invalidValue } from "../invalid.ts";
import { type Json, type JsonObject, listAt, numberAt, objectAt, stringAt } from "../json.ts";
import { SERVICE } from "../schema/service.ts";
import { SERVICE_COLUMNS } from "../table-columns.ts";
import type { Allocation } from "./allocation.ts";
import { dns1035LabelProblems } from "./names.ts";
import type { Resource, Strategy } from "./resource.ts";
import { defaultService, prepareServiceForCreate, prepareServiceForUpdate } from "./service-defaults.ts";
import {
  claimsOf,
  needsClusterIp,
  needsHealthCheckNodePort,
  needsNodePort,
  portsOf,
  specOf,
} from "./service-fields.ts";
import { validateService } from "./service-validation.ts";

const refuse = (service: JsonObject, field: string, value: Json, why: string): Error => {
  const subject = { kind: "Service", group: "", name: stringAt(objectAt(service, "metadata"), "name") };
  return invalid(subject, [invalidValue(field, value, why)]);
};

const allocateAddress = (allocation: Allocation, service: JsonObject, old: JsonObject | null): JsonObject => {
  const spec = specOf(service);
  if (!needsClusterIp(service)) return service;
  const [wanted = ""] = listAt(spec, "clusterIPs").map(String);
  if (wanted === "None" || claimsOf(old).addresses.includes(wanted)) return service;
  if (wanted !== "") {
    const problem = allocation.addressProblem(wanted);
    const why = `failed to allocate IP ${wanted}: ${problem}`;
    if (problem !== null) throw refuse(service, "spec.clusterIPs", [wanted], why);
    return service;
  }
  const address = allocation.freeAddress();
  return { ...service, spec: { ...spec, clusterIP: address, clusterIPs: [address] } };
};

/** Two ports of one Service may share a node port where their protocols differ. */
const allocateNodePorts = (allocation: Allocation, service: JsonObject, old: JsonObject | null): JsonObject => {
  if (!needsNodePort(service)) return service;
  const mine = new Set(claimsOf(old).nodePorts);
  const taken = new Set<number>(claimsOf(service).nodePorts);
  const ports = portsOf(service).map((port, index) => {
    const wanted = numberAt(port, "nodePort") || 0;
    if (wanted === 0) {
      const given = allocation.freeNodePort(taken);
      taken.add(given);
      return { ...port, nodePort: given };
    }
    const problem = mine.has(wanted) ? null : allocation.nodePortProblem(wanted);
    if (problem !== null) throw refuse(service, `spec.ports[${index}].nodePort`, wanted, problem);
    return port;
  });
  return ports.length === 0 ? service : { ...service, spec: { ...specOf(service), ports } };
};

const allocateHealthCheckPort = (allocation: Allocation, service: JsonObject): JsonObject => {
  const spec = specOf(service);
  if (!needsHealthCheckNodePort(service) || numberAt(spec, "healthCheckNodePort")) return service;
  const port = allocation.freeNodePort(new Set(claimsOf(service).nodePorts));
  return { ...service, spec: { ...spec, healthCheckNodePort: port } };
};

const serviceStrategy = (allocation: Allocation): Strategy => ({
  defaults: defaultService,
  prepareForCreate: prepareServiceForCreate,
  prepareForUpdate: prepareServiceForUpdate,
  validate: validateService,
  validateName: dns1035LabelProblems,
  allocate: (object, old) =>
    allocateHealthCheckPort(allocation, allocateNodePorts(allocation, allocateAddress(allocation, object, old), old)),
  recorded: (object, old) => allocation.exchange(claimsOf(object), claimsOf(old)),
});

const identity = (object: JsonObject): JsonObject => object;

/** core/v1 Services, with addresses and node ports from the allocation. */
export const serviceResource = (allocation: Allocation): Resource => ({
  name: { group: "", plural: "services" },
  version: "v1",
  kind: "Service",
  singular: "service",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  subresources: [{ name: "status", verbs: ["get", "patch", "update"] }],
  schema: SERVICE,
  storageSchema: SERVICE,
  storage: "services",
  fromStored: identity,
  toStored: identity,
  strategy: serviceStrategy(allocation),
  selectableFields: ["metadata.name", "metadata.namespace", "spec.clusterIP", "spec.type"],
  fieldValue: (object, field) => {
    const [section = "", member = ""] = field.split(".");
    return stringAt(objectAt(object, section), member);
  },
  unsupportedField: (field) => `field label not supported: ${field}`,
  columns: SERVICE_COLUMNS,
});
