/** A DNS name in lower case, at most 253 characters, perhaps with a leading `*.` that stands for one label. */
export type Host = string & { readonly __brand: "Host" };

export const hostExpected =
  "a DNS name (shop.example.com), or one with a leading wildcard label (*.example.com); no port, no trailing dot";

/** The name of the server that takes requests without a host: nobody's (RFC 2606). */
const nobody = /(?:^|\.)invalid$/;

const label = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const name = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);

/**
 * Parses a host as Ingress does (RFC 1123 subdomain, or a wildcard for the first label), in any case.
 * A name whose last label is a number is an address to every URL parser, and refused.
 *
 * @returns the host in lower case, or null
 */
export const parseHost = (raw: string): Host | null => {
  if (raw.length > 253) return null;
  const host = raw.toLowerCase();
  return name.test(host) && !/(?:^|\.)\d+$/.test(host) && !nobody.test(host) ? (host as Host) : null;
};

export const isWildcard = (host: Host): boolean => host.startsWith("*.");

export const hostnameExpected = "a DNS name (shop.example.com); no wildcard, no port, no trailing dot";

/** Parses a host that is one host: no wildcard. */
export const parseHostname = (raw: string): Host | null => {
  const host = parseHost(raw);
  return host === null || isWildcard(host) ? null : host;
};
