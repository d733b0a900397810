import { createHash } from "node:crypto";
import type { ServiceRecord } from "../routes/service.ts";
import { compareText, serviceKey } from "../routes/service.ts";

/** 198.18.0.0/15: set aside for benchmarks (RFC 2544), so nobody's Service answers there by accident. */
const first = 198 * 2 ** 24 + 18 * 2 ** 16;
const size = 2 ** 17;

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");

const isWithout = ({ type, clusterIP }: ServiceRecord): boolean => clusterIP === "" && type !== "ExternalName";

/**
 * Gives the Services that have no ClusterIP one, as the API server will. A Service's address depends on its name, so that
 * another Service in the files does not change it; where two names meet, the second one by name takes the next address.
 *
 * @param chosen the address that all of them get; null: one of 198.18.0.0/15 for each
 */
export const giveClusterIPs = (services: readonly ServiceRecord[], chosen: string | null): readonly ServiceRecord[] => {
  const taken = new Set(services.map(({ clusterIP }) => clusterIP));
  const given = new Map<string, string>();
  const names = services.filter(isWithout).map(serviceKey).sort(compareText);
  for (const name of names) {
    let offset = createHash("sha256").update(name).digest().readUInt32BE() % size;
    // As many Services as addresses would search for ever: past that, they share.
    for (let tries = 0; taken.has(dotted(first + offset)) && tries < size; tries += 1) offset = (offset + 1) % size;
    const address = chosen ?? dotted(first + offset);
    taken.add(address);
    given.set(name, address);
  }
  return services.map((service) => ({ ...service, clusterIP: given.get(serviceKey(service)) ?? service.clusterIP }));
};
