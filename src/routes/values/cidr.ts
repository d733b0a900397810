import { isIPv4, isIPv6 } from "node:net";

/** A range of addresses as nginx's `geo`, `allow` and `set_real_ip_from` take it: `10.0.0.0/8`, `fd00::/8`. */
export type Cidr = string & { readonly __brand: "Cidr" };

export const cidrExpected = "an address or a range in CIDR form (10.0.0.0/8, 192.0.2.7, fd00::/8)";

/** Parses an address or a range; an address alone is the range that holds just it. */
export const parseCidr = (raw: string): Cidr | null => {
  const match = /^([0-9A-Fa-f:.]{2,45})(?:\/(\d{1,3}))?$/.exec(raw);
  if (match === null) return null;
  const address = match[1] ?? "";
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const length = match[2] === undefined ? bits : Number(match[2]);
  if (bits === 0 || length > bits) return null;
  return `${address.toLowerCase()}/${length}` as Cidr;
};
