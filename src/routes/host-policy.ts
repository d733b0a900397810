import { type Problem, showValue } from "./problem.ts";
import type { Match, Route } from "./route.ts";
import { type ServiceRef, serviceKey } from "./service.ts";
import { type Host, isWildcard, parseHost } from "./values/host.ts";

/**
 * What one namespace may claim:
 * - `example.com`: exactly that host
 * - `*.example.com`: every host below `example.com` at any depth, wildcards too (`*.example.com`, `*.a.example.com`),
 *   but not `example.com` itself
 * - `*`: every host, routes for any host, and the default backend
 */
export type HostClaim = Host | "*";

export const hostClaimExpected =
  'a host (example.com), every host below one ("*.example.com"), or "*" for every host, any host and the default backend';

/** Parses an entry of the policy, in any case. */
export const parseHostClaim = (raw: string): HostClaim | null => (raw === "*" ? "*" : parseHost(raw));

/** The claims of one namespace, ready to be asked. */
export interface HostClaims {
  /** As they were given, for people. */
  readonly entries: readonly HostClaim[];
  readonly isEverything: boolean;
  readonly hosts: ReadonlySet<string>;
  /** Domains of which everything below may be claimed. */
  readonly domains: ReadonlySet<string>;
}

export const createHostClaims = (given: readonly HostClaim[]): HostClaims => {
  const entries = [...new Set(given)];
  const named = entries.filter((entry): entry is Host => entry !== "*");
  return {
    entries,
    isEverything: entries.includes("*"),
    hosts: new Set(named.filter((host) => !isWildcard(host))),
    domains: new Set(named.filter(isWildcard).map((host) => host.slice(2))),
  };
};

/** Who may claim which hosts. An entry grants and reserves nothing: two namespaces may both have it. */
export interface HostPolicy {
  readonly namespaces: ReadonlyMap<string, HostClaims>;
  /** Of the namespaces that are not named. */
  readonly others: HostClaims;
}

/**
 * Whether a host may be claimed, in as many look-ups as it has labels.
 *
 * @param host null: a route for any host
 */
export const mayClaim = (claims: HostClaims, host: Host | null): boolean => {
  if (claims.isEverything) return true;
  if (host === null) return false;
  if (claims.hosts.has(host)) return true;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    if (claims.domains.has(host.slice(dot + 1))) return true;
  }
  return false;
};

/** What a route claims of the hosts. */
type Claimed = { readonly kind: "host"; readonly host: Host } | { readonly kind: "any-host" | "default-backend" };

const claimedBy = (match: Match): Claimed => {
  switch (match.kind) {
    case "path":
      return match.host === null ? { kind: "any-host" } : { kind: "host", host: match.host };
    case "default-backend":
      return { kind: "default-backend" };
  }
};

// A Service may name 500 hosts, and a namespace may have as many entries: what people read is bounded.
const maxRefusals = 20;
const shownEntries = 5;

const describeClaims = (namespace: string, { entries }: HostClaims): string => {
  if (entries.length === 0) return `namespace ${namespace} may claim no host`;
  const shown = entries.slice(0, shownEntries).map(showValue).join(", ");
  const more = entries.length - shownEntries;
  return `namespace ${namespace} may claim ${shown}${more > 0 ? ` and ${more} more` : ""}`;
};

const refusal = (service: ServiceRef, claimed: Claimed, claims: HostClaims, keyPrefix: string): Problem => {
  const may = describeClaims(service.namespace, claims);
  const problem = { service, reason: "HostNotAllowed", key: `${keyPrefix}host` } as const;
  switch (claimed.kind) {
    case "host":
      return { ...problem, value: showValue(claimed.host), message: `not allowed by the host policy: ${may}` };
    case "any-host":
      return { ...problem, value: null, message: `a route for any host needs "*" in the host policy: ${may}` };
    case "default-backend": {
      const message = `the default backend needs "*" in the host policy: ${may}`;
      return { ...problem, key: `${keyPrefix}default-backend`, value: "true", message };
    }
  }
};

/** The routes that are left, and a problem for each host that was refused. */
export interface Permitted<R> {
  readonly routes: readonly R[];
  readonly problems: readonly Problem[];
}

/**
 * Applies the policy to the routes of one Service, before conflicts are decided: a host that its namespace may not claim
 * costs the routes of that host alone, and is no rival to anybody's. Pure.
 *
 * @param policy null: every namespace may claim every host
 * @param keyPrefix the prefix of the keys, slash included, for the problems
 */
export const applyHostPolicy = <R extends Pick<Route, "service" | "match">>(
  routes: readonly R[],
  policy: HostPolicy | null,
  keyPrefix: string,
): Permitted<R> => {
  if (policy === null) return { routes, problems: [] };
  const kept: R[] = [];
  const problems: Problem[] = [];
  const refused = new Set<string>();
  for (const route of routes) {
    const { service, match } = route;
    const claims = policy.namespaces.get(service.namespace) ?? policy.others;
    const claimed = claimedBy(match);
    const host = claimed.kind === "host" ? claimed.host : null;
    if (mayClaim(claims, host)) {
      kept.push(route);
      continue;
    }
    const key = `${serviceKey(service)} ${claimed.kind} ${host ?? ""}`;
    if (refused.has(key)) continue;
    refused.add(key);
    if (refused.size <= maxRefusals) problems.push(refusal(service, claimed, claims, keyPrefix));
  }
  const [first] = problems;
  const leftOut = refused.size - maxRefusals;
  if (first !== undefined && leftOut > 0) {
    problems.push({ ...first, value: null, message: `and ${leftOut} more that the host policy does not allow` });
  }
  return { routes: kept, problems };
};
