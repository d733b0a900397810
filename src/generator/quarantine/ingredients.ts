import { type ConfigurationOptions, configure } from "../../nginx/configuration.ts";
import type { SiteTemplate } from "../../nginx/site-view.ts";
import { TemplateError } from "../../nginx/template-error.ts";
import { traceLines } from "../../nginx/trace.ts";
import type { Holds } from "../../routes/holds.ts";
import type { HostPolicy } from "../../routes/host-policy.ts";
import type { ServiceRecord, ServiceRef } from "../../routes/service.ts";

/** All that a configuration was made of. */
export interface Ingredients {
  readonly options: ConfigurationOptions;
  /** Each as it was rendered: one that is held as it was, one that is left out not at all. */
  readonly services: readonly ServiceRecord[];
  readonly hostPolicy: HostPolicy | null;
  readonly template: SiteTemplate;
  readonly holds: Holds | null;
}

/** Whose a line of a configuration is; nobody's where that is not known. */
export type TraceLine = (ingredients: Ingredients, hash: string, line: number) => readonly ServiceRef[];

/**
 * Makes the configuration once more, with its source map.
 *
 * @returns the Services that the line (from 1) was made for; none where what was made is not the file with this hash
 */
export const traceLine: TraceLine = ({ options, services, hostPolicy, template, holds }, hash, line) => {
  let owners: readonly ServiceRef[] = [];
  const tracing: SiteTemplate = {
    sharesServers: template.sharesServers,
    answersOthers: template.answersOthers,
    render: (view) => {
      const trace = traceLines(view, template);
      owners = trace.ownersOf(line);
      return trace.text;
    },
  };
  try {
    const { file } = configure(services, options, hostPolicy, tracing, holds);
    return file.sha256 === hash ? owners : [];
  } catch (error) {
    // A template that computes with what it is given may not take marked texts.
    if (error instanceof TemplateError) return [];
    throw error;
  }
};
