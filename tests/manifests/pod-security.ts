import type { Container, PodSpec } from "./pod-template.ts";

/** The fields that the levels baseline and restricted look at, of what a container may be given. */
interface SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: object;
  readonly windowsOptions?: object;
  readonly sysctls?: readonly unknown[];
}

const volumeKinds = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
const seccomp = new Set(["RuntimeDefault", "Localhost"]);

const ofContainer = ({ name, ports = [], securityContext = {}, lifecycle, ...rest }: Container): readonly string[] => {
  const context: SecurityContext = securityContext;
  const probes = [rest.startupProbe, rest.readinessProbe, rest.livenessProbe, lifecycle?.preStop];
  const isHostNamed = probes.some((probe) => probe !== undefined && JSON.stringify(probe).includes('"host":'));
  const found: readonly (readonly [is: boolean, what: string])[] = [
    [context.privileged === true, "privileged"],
    [context.allowPrivilegeEscalation !== false, "allowPrivilegeEscalation"],
    [context.runAsNonRoot !== true, "runAsNonRoot"],
    [context.runAsUser === 0, "runAsUser 0"],
    [!(context.capabilities?.drop ?? []).includes("ALL"), "capabilities.drop"],
    [(context.capabilities?.add ?? []).some((added) => added !== "NET_BIND_SERVICE"), "capabilities.add"],
    [!seccomp.has(context.seccompProfile?.type ?? ""), "seccompProfile"],
    [(context.procMount ?? "Default") !== "Default", "procMount"],
    [context.appArmorProfile?.type === "Unconfined", "appArmorProfile"],
    [context.seLinuxOptions !== undefined, "seLinuxOptions"],
    [context.windowsOptions !== undefined, "windowsOptions"],
    [isHostNamed, "host of a probe or hook"],
  ];
  const hostPorts = ports.flatMap(({ hostPort }) => (hostPort === undefined ? [] : [`${name}: hostPort ${hostPort}`]));
  return [...found.filter(([is]) => is).map(([, what]) => `${name}: ${what}`), ...hostPorts];
};

/**
 * What a Pod has against the Pod Security level restricted, which holds all of baseline. Each container is looked at by
 * itself, so that none lives on what the Pod says for all of them.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const restrictedViolations = (spec: PodSpec): readonly string[] => {
  const context: SecurityContext = spec.securityContext ?? {};
  const ofPod: readonly (readonly [is: boolean, what: string])[] = [
    ...["hostNetwork", "hostPID", "hostIPC"].map((field) => [spec[field] === true, field] as const),
    [context.runAsNonRoot !== true, "Pod: runAsNonRoot"],
    [!seccomp.has(context.seccompProfile?.type ?? ""), "Pod: seccompProfile"],
    [context.runAsUser === 0, "Pod: runAsUser 0"],
    [(context.sysctls ?? []).length > 0, "Pod: sysctls"],
    [context.seLinuxOptions !== undefined, "Pod: seLinuxOptions"],
    [context.windowsOptions !== undefined, "Pod: windowsOptions"],
  ];
  const volumes = spec.volumes
    .filter(({ name: _, ...kinds }) => !Object.keys(kinds).every((kind) => volumeKinds.has(kind)))
    .map(({ name }) => `volume ${name}`);
  return [
    ...ofPod.filter(([is]) => is).map(([, what]) => what),
    ...volumes,
    ...[...spec.initContainers, ...spec.containers].flatMap(ofContainer),
  ];
};
