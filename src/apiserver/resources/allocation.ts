import { randomInt } from "node:crypto";
import { isIPv4 } from "node:net";
import { type AddressRange, addressAt, indexOf } from "./network.ts";

/** What is in use, and what is free, of Service addresses and node ports. */
export interface Allocation {
  /** An address that no Service has. @throws RangeError where the range is full */
  readonly freeAddress: () => string;
  /** Why the address cannot be given to a Service, or null where it can. */
  readonly addressProblem: (address: string) => string | null;
  /** A node port that no Service has and that `taken` does not hold. @throws RangeError where the range is full */
  readonly freeNodePort: (taken: ReadonlySet<number>) => number;
  readonly nodePortProblem: (port: number) => string | null;
  /** Takes and gives back, once an object is stored or removed. */
  readonly exchange: (given: Claims, returned: Claims) => void;
}

/** The addresses and node ports that one Service holds. */
export interface Claims {
  readonly addresses: readonly string[];
  readonly nodePorts: readonly number[];
}

/** kube-apiserver's default `--service-node-port-range`. */
const NODE_PORTS = { first: 30_000, last: 32_767 };

/** A free place among `size`, from a random one on: so that a freed address is not given out again at once. */
const freePlace = (size: number, isTaken: (place: number) => boolean): number | null => {
  const start = randomInt(size);
  for (let step = 0; step < size; step += 1) {
    const place = (start + step) % size;
    if (!isTaken(place)) return place;
  }
  return null;
};

export const createAllocation = (range: AddressRange): Allocation => {
  const addresses = new Set<string>();
  const nodePorts = new Set<number>();
  return {
    freeAddress: () => {
      const place = freePlace(range.size - 2, (index) => addresses.has(addressAt(range, index + 1)));
      if (place === null) throw new RangeError("range is full");
      return addressAt(range, place + 1);
    },
    addressProblem: (address) => {
      if (!isIPv4(address) || indexOf(range, address) === null) {
        return `provided IP is not in the valid range. The range of valid IPs is ${range.cidr}`;
      }
      return addresses.has(address) ? "provided IP is already allocated" : null;
    },
    freeNodePort: (taken) => {
      const { first, last } = NODE_PORTS;
      const place = freePlace(last - first + 1, (index) => nodePorts.has(first + index) || taken.has(first + index));
      if (place === null) throw new RangeError("range is full");
      return first + place;
    },
    nodePortProblem: (port) => {
      const { first, last } = NODE_PORTS;
      if (port < first || port > last) {
        return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
      }
      return nodePorts.has(port) ? "provided port is already allocated" : null;
    },
    exchange: (given, returned) => {
      for (const address of returned.addresses) addresses.delete(address);
      for (const port of returned.nodePorts) nodePorts.delete(port);
      for (const address of given.addresses) addresses.add(address);
      for (const port of given.nodePorts) nodePorts.add(port);
    },
  };
};
