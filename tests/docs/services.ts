import { parseAllDocuments } from "yaml";
import { giveClusterIPs } from "../../src/cli/cluster-ip.ts";
import { readService, type ServiceRecord } from "../../src/routes/service.ts";
import { readSettings } from "../../src/settings/environment.ts";
import { readRoutingSettings } from "../../src/settings/routing.ts";

/** As a controller without settings has them. */
export const options = readSettings({}, readRoutingSettings).configuration;

/** An object of a manifest, as far as a page's examples need it. */
export interface Manifest {
  readonly kind?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/**
 * The objects of a block of YAML.
 *
 * @throws Error when it does not parse
 */
export const readManifests = (yaml: string): readonly Manifest[] =>
  parseAllDocuments(yaml).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Manifest; // anything: each field is looked at before it is used
  });

/** The Services among them, as the API server would give them: in a namespace, with a ClusterIP. */
export const readServices = (manifests: readonly Manifest[]): readonly ServiceRecord[] =>
  giveClusterIPs(
    manifests
      .filter(({ kind }) => kind === "Service")
      .map((manifest) => {
        const metadata = { namespace: "default", ...manifest.metadata };
        const service = readService({ ...manifest, metadata }, options.keyPrefix);
        if (service === null) throw new Error("an example is a Service without a name");
        return service;
      }),
    null,
  );
