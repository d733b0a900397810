import type HandlebarsModule from "handlebars";
import untypedRuntime from "handlebars/runtime.js";
import { memoize } from "../routes/memoize.ts";
import { partials } from "./default.conf.generated.ts";
import type { ServerView, SiteTemplate, SiteView } from "./site-view.ts";

/** The parts of the built-in template, in their order; a template of one's own names them as partials. */
export const partialNames = ["head", "upstreams", "defaultServer", "servers"] as const;
export type PartialName = (typeof partialNames)[number];

/** The compiled parts: for `Handlebars.template`, of the compiler's version. */
export const builtInPartials: Readonly<Record<PartialName, object>> = partials;

// The runtime alone is a tenth of the package; its own type declarations say nothing of what it exports.
const runtime = untypedRuntime as unknown as Pick<typeof HandlebarsModule, "template">;

const head = runtime.template<SiteView>(builtInPartials.head);
const upstreams = runtime.template<Pick<SiteView, "upstreams">>(builtInPartials.upstreams);
const defaultServer = runtime.template<SiteView>(builtInPartials.defaultServer);
const servers = runtime.template<Pick<SiteView, "servers">>(builtInPartials.servers);

/** Each server's text depends on that server alone, and most are those of the last pass. */
const serverText = memoize((server: ServerView) => servers({ servers: [server] }));

/** The template that serves where `TEMPLATE_FILE` names no other. */
export const builtInTemplate: SiteTemplate = {
  render: (view) => [head(view), upstreams(view), defaultServer(view), ...view.servers.map(serverText)].join(""),
};
