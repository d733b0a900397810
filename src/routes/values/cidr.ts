import { isIPv4, isIPv6 } from "node:net";

/** A range of addresses as nginx's `geo`, `allow` and `set_real_ip_from` take it: `10.0.0.0/8`, `fd00::/8`. */
export type Cidr = string & { readonly __brand: "Cidr" };

export const cidrExpected = "an address or a range in CIDR form (10.0.0.0/8, 192.0.2.7, fd00::/8)";

const withoutHostBitsV4 = (address: string, length: number): string => {
  const bytes = address.split(".").map(Number);
  const kept = bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * index))));
  return kept.map((byte) => byte & 0xff).join(".");
};

// The URL standard's form of an IPv6 address: lower case, no dots, the longest run of zeros as `::`.
const canonicalV6 = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

const splitGroups = (text: string): readonly string[] => (text === "" ? [] : text.split(":"));

const groupsOf = (address: string): readonly number[] => {
  const [before = "", after = ""] = canonicalV6(address).split("::");
  const [head, tail] = [splitGroups(before), splitGroups(after)];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
};

const withoutHostBitsV6 = (address: string, length: number): string => {
  const kept = groupsOf(address).map((group, index) => {
    const bits = Math.min(16, Math.max(0, length - 16 * index));
    return group & (0xffff << (16 - bits)) & 0xffff;
  });
  return canonicalV6(kept.map((group) => group.toString(16)).join(":"));
};

/**
 * Parses an address or a range; an address alone is the range that holds just it. What stands beyond the range's length
 * says nothing: nginx leaves it out, and warns.
 */
export const parseCidr = (raw: string): Cidr | null => {
  const match = /^([0-9A-Fa-f:.]{2,45})(?:\/(\d{1,3}))?$/.exec(raw);
  if (match === null) return null;
  const address = match[1] ?? "";
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const length = match[2] === undefined ? bits : Number(match[2]);
  if (bits === 0 || length > bits) return null;
  const network = bits === 32 ? withoutHostBitsV4(address, length) : withoutHostBitsV6(address, length);
  return `${network}/${length}` as Cidr;
};
