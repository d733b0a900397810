import type HandlebarsModule from "handlebars";
import untypedRuntime from "handlebars/runtime.js";
import { withFooter } from "../contract/footer.ts";
import type { Action, Location, Site } from "../routes/site.ts";
import type { Cidr } from "../routes/values/cidr.ts";
import { type Host, isWildcard } from "../routes/values/host.ts";
import { template } from "./default.conf.generated.ts";
import { hashSizes } from "./hash-sizes.ts";
import type { ListenValue } from "./listen.ts";

/** What the configuration holds beside the Site. */
export interface RenderOptions {
  /** Where nginx takes requests; at least one. */
  readonly listens: readonly ListenValue[];
  /** Whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly Cidr[];
}

// The runtime alone is a tenth of the package; its own type declarations say nothing of what it exports.
const runtime = untypedRuntime as unknown as Pick<typeof HandlebarsModule, "template">;
const renderBuiltIn = runtime.template<object>(template);

/**
 * A host as `server_name` takes it. nginx's own `*.` takes any depth, Ingress's takes one label: an expression says so.
 */
const serverName = (host: Host): string =>
  isWildcard(host) ? `~^[a-z0-9_-]+\\.${host.slice(2).replaceAll(".", "\\.")}$` : host;

const actionText = (action: Action): string => {
  switch (action.kind) {
    case "proxy":
      return `proxy_pass http://${action.upstream.name}`;
    case "not-found":
      return "return 404";
  }
};

const locationView = ({ match, path, action }: Location) => ({
  pattern: match === "exact" ? `= ${path}` : path,
  action: actionText(action),
});

/**
 * Renders `default.conf`, footer included. Pure: the same Site and options give the same bytes.
 * It belongs in nginx's `http` context.
 */
export const renderSite = (site: Site, options: RenderOptions): string => {
  const exactHosts = site.servers.flatMap(({ hosts }) => hosts.filter((host) => !isWildcard(host)));
  return withFooter(
    renderBuiltIn({
      serverNamesHash: exactHosts.length === 0 ? null : hashSizes(exactHosts),
      trustedProxies: options.trustedProxies,
      listens: options.listens,
      upstreams: site.upstreams,
      defaultServer: { locations: site.defaultServer.locations.map(locationView) },
      servers: site.servers.map(({ hosts, locations }) => ({
        serverNames: hosts.map(serverName),
        locations: locations.map(locationView),
      })),
    }),
  );
};
