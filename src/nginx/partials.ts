import type HandlebarsModule from "handlebars";
import untypedRuntime from "handlebars/runtime.js";
import { partials } from "./default.conf.generated.ts";
import type { HeadView, SiteTemplate, SiteView } from "./site-view.ts";

/** The parts of the built-in template, in their order; a template of one's own names them as partials. */
export const partialNames = ["head", "upstreams", "sharedServers", "defaultServer", "servers"] as const;
/** What `sharedServers` is made of. */
export const sharedParts = ["sharedBlocks", "sharedAddresses", "sharedNames"] as const;
type PartName = (typeof partialNames)[number] | (typeof sharedParts)[number];

/** The compiled parts: for `Handlebars.template`, of the compiler's version. */
export const builtInPartials: Readonly<Record<PartName, object>> = partials;

// The runtime alone is a tenth of the package; its own type declarations say nothing of what it exports.
const runtime = untypedRuntime as unknown as Pick<typeof HandlebarsModule, "template">;

/** Each part of the built-in template by itself, given what it needs of a site. */
export const builtInParts = {
  head: runtime.template<HeadView>(builtInPartials.head),
  upstreams: runtime.template<Pick<SiteView, "upstreams">>(builtInPartials.upstreams),
  sharedAddresses: runtime.template<Pick<SiteView, "sharedServers">>(builtInPartials.sharedAddresses),
  sharedNames: runtime.template<Pick<SiteView, "sharedServers" | "namesShared">>(builtInPartials.sharedNames),
  sharedBlocks: runtime.template<Pick<SiteView, "sharedServers">>(builtInPartials.sharedBlocks),
  defaultServer: runtime.template<Pick<SiteView, "listens" | "defaultServer">>(builtInPartials.defaultServer),
  servers: runtime.template<Pick<SiteView, "servers">>(builtInPartials.servers),
} as const;

const builtInOrder = ["head", "upstreams", ...sharedParts, "defaultServer", "servers"] as const;

/** The template that serves where `TEMPLATE_FILE` names no other. */
export const builtInTemplate: SiteTemplate = {
  sharesServers: true,
  answersOthers: true,
  render: (view) => builtInOrder.map((name) => builtInParts[name](view)).join(""),
};
