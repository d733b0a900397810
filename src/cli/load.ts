import { showValue } from "../routes/problem.ts";
import { readService, type ServiceRecord, serviceKey } from "../routes/service.ts";
import { giveClusterIPs } from "./cluster-ip.ts";
import type { Finding } from "./finding.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import type { LabelTest } from "./label-selector.ts";
import { type Manifest, type ManifestObject, readManifest } from "./manifest.ts";
import { describePlace, type Place } from "./place.ts";

/** Which Services are read, and what they are given that only a cluster gives. */
export interface LoadOptions {
  readonly keyPrefix: string;
  readonly isSelected: LabelTest;
  /** Null: all. */
  readonly namespaces: readonly string[] | null;
  /** That of objects that name none. */
  readonly defaultNamespace: string;
  /** What Services without a ClusterIP get; null: stand-ins, one for each. */
  readonly clusterIP: string | null;
}

/** An object that is left out, and why. */
export interface SkippedObject {
  readonly place: Place;
  readonly why: string;
}

/** The Services of the files, as the API server would list them. */
export interface LoadedServices {
  readonly services: readonly ServiceRecord[];
  /** By `namespace/name`. */
  readonly manifests: ReadonlyMap<string, ManifestObject>;
  readonly skipped: readonly SkippedObject[];
  /** What keeps a Service out of a cluster; where a file cannot be read, `isWhole` is false. */
  readonly findings: readonly Finding[];
  readonly isWhole: boolean;
  readonly fileCount: number;
}

type Json = Readonly<Record<string, unknown>>;
const asJson = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asTexts = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(asJson(value)).map(([key, text]) => [key, typeof text === "string" ? text : ""]));

const unreadable = (place: Place | null, message: string): Finding => ({
  reason: "Unreadable",
  place,
  service: null,
  key: null,
  value: null,
  message,
  related: null,
});

const readFindings = (inputs: Inputs, manifests: readonly Manifest[]): readonly Finding[] => [
  ...inputs.failures.map(({ file, message }) =>
    unreadable(file === null ? null : { file, line: 1, column: 1 }, message),
  ),
  ...manifests.flatMap(({ faults }) => faults.map(({ place, message }) => unreadable(place, message))),
];

/** A Service of a file, or why it is none of hotroute's. */
type Taken =
  | { readonly kind: "service"; readonly service: ServiceRecord }
  | { readonly kind: "skipped"; readonly why: string }
  | { readonly kind: "refused"; readonly findings: readonly Finding[] };

/** When a Service was made that is not in the cluster yet: after every one that is. */
export const notYet = Number.MAX_SAFE_INTEGER;

const takeService = (manifest: ManifestObject, options: LoadOptions): Taken => {
  const { kind, apiVersion, object, place, untyped } = manifest;
  if (kind !== "Service" || apiVersion !== "v1") return { kind: "skipped", why: `${apiVersion} ${kind} is no Service` };
  const metadata = asJson(object.metadata);
  const namespace = metadata.namespace ?? options.defaultNamespace;
  const service = readService({ ...object, metadata: { ...metadata, namespace } }, options.keyPrefix);
  const refused = { reason: "InvalidManifest", value: null, related: null } as const;
  if (service === null) {
    const message = "a Service needs a metadata.name, and a metadata.namespace that is text";
    return { kind: "refused", findings: [{ ...refused, place, service: null, key: null, message }] };
  }
  if (untyped.length > 0) {
    const findings = untyped.map(({ key, source, place: at }) => {
      const message = `the API server takes only text here, and ${showValue(source)} is none: put it in quotes`;
      return {
        ...refused,
        place: at,
        service: { namespace: service.namespace, name: service.name },
        key: showValue(key),
        message,
      };
    });
    return { kind: "refused", findings };
  }
  if (options.namespaces !== null && !options.namespaces.includes(service.namespace)) {
    return { kind: "skipped", why: `${serviceKey(service)} is in none of NAMESPACES` };
  }
  if (!options.isSelected(asTexts(metadata.labels))) {
    return { kind: "skipped", why: `${serviceKey(service)} does not match the selector` };
  }
  const isNew = metadata.creationTimestamp === undefined || metadata.creationTimestamp === null;
  return { kind: "service", service: isNew ? { ...service, createdAtMs: notYet } : service };
};

const duplicateOf = (service: ServiceRecord, first: ManifestObject, again: ManifestObject): Finding => ({
  reason: "Duplicate",
  place: again.place,
  service: { namespace: service.namespace, name: service.name },
  key: null,
  value: null,
  message: "is defined twice, and the last one counts; the other is here:",
  related: first.place,
});

/** Reads files, folders and standard input, and takes from them what the API server would list for hotroute. */
export const loadServices = (names: readonly string[], options: LoadOptions): LoadedServices => {
  const inputs = readInputs(names);
  const read = inputs.sources.map(({ text, file }) => readManifest(text, file));
  const faults = readFindings(inputs, read);
  const findings: Finding[] = [...faults];
  const skipped: SkippedObject[] = [];
  const services = new Map<string, ServiceRecord>();
  const manifests = new Map<string, ManifestObject>();
  for (const manifest of read.flatMap(({ objects }) => objects)) {
    const taken = takeService(manifest, options);
    switch (taken.kind) {
      case "skipped":
        skipped.push({ place: manifest.place, why: taken.why });
        break;
      case "refused":
        findings.push(...taken.findings);
        break;
      case "service": {
        const key = serviceKey(taken.service);
        const before = manifests.get(key);
        if (before !== undefined) findings.push(duplicateOf(taken.service, before, manifest));
        services.set(key, taken.service);
        manifests.set(key, manifest);
        break;
      }
    }
  }
  return {
    services: giveClusterIPs([...services.values()], options.clusterIP),
    manifests,
    skipped,
    findings,
    isWhole: faults.length === 0,
    fileCount: inputs.sources.length,
  };
};

/** The lines that `--verbose` shows of what was left out. */
export const describeSkipped = (skipped: readonly SkippedObject[]): string =>
  skipped.map(({ place, why }) => `${describePlace(place)}: skipped: ${showValue(why)}\n`).join("");
