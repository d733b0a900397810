import type { SiteTemplate } from "../nginx/site-view.ts";
import { loadTemplate } from "../nginx/template.ts";
import type { InputArguments } from "./arguments.ts";
import type { CliConfig } from "./config.ts";
import { type Judgement, judge } from "./judge.ts";
import { describeSkipped, type LoadedServices, loadServices } from "./load.ts";
import type { Streams } from "./streams.ts";

/** The Services of the files, and what becomes of them. */
export interface Prepared extends Judgement {
  readonly loaded: LoadedServices;
  /** What the configuration is made with. */
  readonly template: SiteTemplate;
}

/**
 * What each command does first: reads the files and runs them through the core.
 *
 * @throws TemplateError where a template of the user's own is none, or cannot be applied
 */
export const prepare = async (args: InputArguments, config: CliConfig, streams: Streams): Promise<Prepared> => {
  const { routing, isSelected } = config;
  const template = await loadTemplate(routing.template);
  const loaded = loadServices(args.inputs, {
    keyPrefix: routing.configuration.keyPrefix,
    isSelected,
    namespaces: routing.namespaces,
    defaultNamespace: args.namespace,
    clusterIP: args.clusterIP,
  });
  if (args.isVerbose) await streams.err(describeSkipped(loaded.skipped));
  if (loaded.isWhole && loaded.services.length === 0) {
    await streams.err(`hotroute: no Service here matches ${routing.serviceSelector}; -v says what was skipped\n`);
  }
  return { loaded, template, ...judge(loaded, routing, template) };
};
