import { CONDITION, TYPE_FIELDS } from "./meta.ts";
import {
  always,
  atomicListOf,
  atomicMapOf,
  BOOLEAN,
  field,
  INT_OR_STRING,
  INT32,
  mapListOf,
  object,
  pointer,
  required,
  STRING,
} from "./schema.ts";

const CORE = "io.k8s.api.core.v1";

const SERVICE_PORT = object(`${CORE}.ServicePort`, "One port of a Service.", {
  name: field(STRING, "Name (a DNS label); required where a Service has several ports."),
  protocol: { ...field(STRING, "TCP, UDP or SCTP. Default TCP."), keyDefault: "TCP" },
  appProtocol: pointer(STRING, "The application protocol, such as kubernetes.io/h2c."),
  port: required(INT32, "The port that the Service exposes, 1 to 65535."),
  targetPort: field(INT_OR_STRING, "Number or name of the port on the Pods. Default: the value of port."),
  nodePort: field(INT32, "Port on each node for types NodePort and LoadBalancer; allocated where it is left out."),
});

const SESSION_AFFINITY_CONFIG = object(`${CORE}.SessionAffinityConfig`, "Settings of session affinity.", {
  clientIP: pointer(
    object(`${CORE}.ClientIPConfig`, "Settings of session affinity by client address.", {
      timeoutSeconds: pointer(INT32, "Seconds a client sticks to its backend, 1 to 86400. Default 10800."),
    }),
    "Settings for affinity by client address.",
  ),
});

const SERVICE_SPEC = object(`${CORE}.ServiceSpec`, "What a user asks of a Service.", {
  ports: field(mapListOf(SERVICE_PORT, ["port", "protocol"], "port"), "The ports that the Service exposes."),
  selector: field(atomicMapOf(STRING), "Labels of the Pods that traffic goes to."),
  clusterIP: field(STRING, "Address of the Service, or None for a headless one; allocated where it is left out."),
  clusterIPs: field(atomicListOf(STRING), "Addresses of the Service; the first is clusterIP."),
  type: field(STRING, "ClusterIP, NodePort, LoadBalancer or ExternalName. Default ClusterIP."),
  externalIPs: field(atomicListOf(STRING), "Addresses, not managed by Kubernetes, at which nodes accept traffic."),
  sessionAffinity: field(STRING, "ClientIP or None. Default None."),
  loadBalancerIP: field(STRING, "Deprecated: the address that a load balancer should get."),
  loadBalancerSourceRanges: field(atomicListOf(STRING), "Client networks (CIDR) that a load balancer admits."),
  externalName: field(STRING, "DNS name that a Service of type ExternalName stands for."),
  externalTrafficPolicy: field(STRING, "Cluster or Local: where traffic from outside goes."),
  healthCheckNodePort: field(INT32, "Port of the health check where externalTrafficPolicy is Local."),
  publishNotReadyAddresses: field(BOOLEAN, "Publish addresses of Pods that are not ready."),
  sessionAffinityConfig: pointer(SESSION_AFFINITY_CONFIG, "Settings of session affinity."),
  ipFamilies: field(atomicListOf(STRING), "IPv4 or IPv6, in the order of clusterIPs."),
  ipFamilyPolicy: pointer(STRING, "SingleStack, PreferDualStack or RequireDualStack."),
  allocateLoadBalancerNodePorts: pointer(BOOLEAN, "Whether a load balancer needs node ports. Default true."),
  loadBalancerClass: pointer(STRING, "The load balancer implementation that serves the Service."),
  internalTrafficPolicy: pointer(STRING, "Cluster or Local: where traffic from inside goes."),
  trafficDistribution: pointer(STRING, "A preference for how traffic is spread."),
});

const PORT_STATUS = object(`${CORE}.PortStatus`, "State of one port of a load balancer.", {
  port: required(INT32, "The port."),
  protocol: required(STRING, "TCP, UDP or SCTP."),
  error: pointer(STRING, "What is wrong with the port."),
});

const LOAD_BALANCER_INGRESS = object(`${CORE}.LoadBalancerIngress`, "One point of entry of a load balancer.", {
  ip: field(STRING, "Its address."),
  hostname: field(STRING, "Its DNS name."),
  ipMode: pointer(STRING, "VIP or Proxy."),
  ports: field(atomicListOf(PORT_STATUS), "State of its ports."),
});

const LOAD_BALANCER_STATUS = object(`${CORE}.LoadBalancerStatus`, "State of a load balancer.", {
  ingress: field(atomicListOf(LOAD_BALANCER_INGRESS), "Where traffic can enter."),
});

const SERVICE_STATUS = object(`${CORE}.ServiceStatus`, "State of a Service as last seen.", {
  loadBalancer: always(LOAD_BALANCER_STATUS, "State of the load balancer, where there is one."),
  conditions: field(mapListOf(CONDITION, ["type"], "type"), "Conditions of the Service."),
});

/** core/v1 Service. */
export const SERVICE = object(`${CORE}.Service`, "A named address in front of a set of Pods.", {
  ...TYPE_FIELDS,
  spec: always(SERVICE_SPEC, "What is asked of the Service."),
  status: always(SERVICE_STATUS, "What was last seen of it."),
});
