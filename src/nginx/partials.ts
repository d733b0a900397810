import type HandlebarsModule from "handlebars";
import untypedRuntime from "handlebars/runtime.js";
import { partials } from "./default.conf.generated.ts";
import type { SiteTemplate, SiteView } from "./site-view.ts";

/** The parts of the built-in template, in their order; a template of one's own names them as partials. */
export const partialNames = ["head", "upstreams", "defaultServer", "servers"] as const;
export type PartialName = (typeof partialNames)[number];

/** The compiled parts: for `Handlebars.template`, of the compiler's version. */
export const builtInPartials: Readonly<Record<PartialName, object>> = partials;

// The runtime alone is a tenth of the package; its own type declarations say nothing of what it exports.
const runtime = untypedRuntime as unknown as Pick<typeof HandlebarsModule, "template">;

/** Each part of the built-in template by itself, given what it needs of a site. */
export const builtInParts = {
  head: runtime.template<Omit<SiteView, "upstreams" | "defaultServer" | "servers">>(builtInPartials.head),
  upstreams: runtime.template<Pick<SiteView, "upstreams">>(builtInPartials.upstreams),
  defaultServer: runtime.template<Pick<SiteView, "listens" | "defaultServer">>(builtInPartials.defaultServer),
  servers: runtime.template<Pick<SiteView, "servers">>(builtInPartials.servers),
} as const;

/** The template that serves where `TEMPLATE_FILE` names no other. */
export const builtInTemplate: SiteTemplate = {
  render: (view) => partialNames.map((name) => builtInParts[name](view)).join(""),
};
