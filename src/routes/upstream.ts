import { isIPv4, isIPv6 } from "node:net";
import { showValue } from "./problem.ts";
import type { Upstream } from "./route.ts";
import type { ServicePort, ServiceRecord } from "./service.ts";
import type { PortReference } from "./values/port-reference.ts";
import type { BackendProtocol } from "./values/scalar.ts";

/** The upstream of a Service, or why there is none, in words for its owner. */
export type UpstreamResult =
  | { readonly ok: true; readonly upstream: Upstream }
  | { readonly ok: false; readonly cause: "port" | "service" | "protocol"; readonly message: string };

/** What values of `appProtocol` mean. Source: KEP-3726 and the IANA service names. */
const byAppProtocol: ReadonlyMap<string, BackendProtocol> = new Map([
  ["https", "HTTPS"],
  ["kubernetes.io/wss", "HTTPS"],
  ["grpc", "GRPC"],
  ["grpcs", "GRPCS"],
]);
/** Values of `appProtocol` that nginx does not pass requests on by. */
const otherProtocols: ReadonlySet<string> = new Set(["h2c", "http2", "kubernetes.io/h2c"]);

const describePorts = (ports: readonly ServicePort[]): string =>
  ports.length === 0
    ? "it has none"
    : `it has ${ports
        .slice(0, 10)
        .map((port) => (port.name === null ? `${port.port}` : `${port.port} (${showValue(port.name)})`))
        .join(", ")}${ports.length > 10 ? " …" : ""}`;

const findPort = (ports: readonly ServicePort[], reference: PortReference | null): ServicePort | undefined => {
  if (reference === null) return ports.length === 1 ? ports[0] : ports.find((port) => port.name === "http");
  return "number" in reference
    ? ports.find((port) => port.port === reference.number)
    : ports.find((port) => port.name === reference.name);
};

const addressOf = (clusterIP: string): string | null =>
  isIPv4(clusterIP) ? clusterIP : isIPv6(clusterIP) && !clusterIP.includes("%") ? `[${clusterIP}]` : null;

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Finds where a Service's requests go: its ClusterIP, never a name that nginx would have to look up.
 *
 * @param reference which port; null for the only one, else the one named `http`
 * @param protocol what it speaks; null: as the port's `appProtocol` says, else HTTP
 */
export const findUpstream = (
  service: ServiceRecord,
  reference: PortReference | null,
  protocol: BackendProtocol | null,
): UpstreamResult => {
  const refuse = (cause: "port" | "service" | "protocol", message: string): UpstreamResult => ({
    ok: false,
    cause,
    message,
  });
  // Names come from the API server, which checks them; what is put into a file is checked here all the same.
  if (!dnsLabel.test(service.namespace) || !dnsLabel.test(service.name)) {
    return refuse("service", "its namespace or name is no DNS label");
  }
  if (service.type === "ExternalName") return refuse("service", "a Service of type ExternalName is not routed");
  if (service.clusterIP === "None") return refuse("service", "a headless Service has no ClusterIP to route to");
  if (service.clusterIP === "") return refuse("service", "it has no ClusterIP yet");
  const address = addressOf(service.clusterIP);
  if (address === null) return refuse("service", "its ClusterIP is no IP address");
  const tcpPorts = service.ports.filter((port) => port.protocol === "TCP" && port.port >= 1 && port.port <= 65535);
  const port = findPort(tcpPorts, reference);
  if (port === undefined) {
    const wanted = reference === null ? "the only TCP port, or one named http" : "one of this Service's TCP ports";
    return refuse("port", `expected ${wanted}; ${describePorts(tcpPorts)}`);
  }
  const appProtocol = port.appProtocol?.toLowerCase() ?? "";
  const shown = showValue(port.appProtocol ?? "");
  if (protocol === null && otherProtocols.has(appProtocol)) {
    return refuse("protocol", `appProtocol ${shown} of port ${port.port} is not available yet, so it is not routed`);
  }
  const { namespace, name } = service;
  return {
    ok: true,
    upstream: {
      name: `${name}.${namespace}.${port.port}`,
      service: { namespace, name },
      protocol: protocol ?? byAppProtocol.get(appProtocol) ?? "HTTP",
      addresses: [`${address}:${port.port}`],
    },
  };
};
