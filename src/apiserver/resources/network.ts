import { isIPv4 } from "node:net";

/** A range of IPv4 addresses: its first address as a number, and how many there are. */
export interface AddressRange {
  readonly cidr: string;
  readonly first: number;
  readonly size: number;
}

const toNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const toText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

/**
 * Parses a range such as 127.96.0.0/16.
 * @throws RangeError where it is not IPv4 CIDR notation with a prefix of 8 to 30 bits
 */
export const parseAddressRange = (cidr: string): AddressRange => {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(cidr);
  const bits = Number(match?.[2]);
  if (match?.[1] === undefined || !isIPv4(match[1]) || bits < 8 || bits > 30) {
    throw new RangeError(`not an IPv4 range with a prefix of 8 to 30 bits: ${cidr}`);
  }
  const size = 2 ** (32 - bits);
  const first = Math.floor(toNumber(match[1]) / size) * size;
  return { cidr: `${toText(first)}/${bits}`, first, size };
};

/** The address at a place in the range; 0 is the network's own, which no Service gets. */
export const addressAt = (range: AddressRange, index: number): string => toText(range.first + index);

/** The first address that a Service can have: the API server's own. */
export const firstAddress = (range: AddressRange): string => addressAt(range, 1);

/** Where the address lies in the range, or null where it does not, or is the network's or the broadcast address. */
export const indexOf = (range: AddressRange, address: string): number | null => {
  const index = toNumber(address) - range.first;
  return index > 0 && index < range.size - 1 ? index : null;
};
