import type { Random } from "../apiserver/random.ts";
import type { ServiceText } from "./fixture.ts";
import { goodValue, hostileValue, randomFragment, randomKey } from "./hostile-values.ts";

/** Keys whose good values mean that another controller, or nobody yet, serves the Service. */
const seldom: ReadonlySet<string> = new Set(["class", "auth-secret", "auth-realm", "canary-of", "canary-weight"]);
/** Keys whose good values make nginx answer itself. */
const own: ReadonlySet<string> = new Set(["maintenance", "permanent-redirect", "temporal-redirect", "default-backend"]);

const usualKey = (random: Random): string => {
  const key = randomKey(random);
  return (seldom.has(key) || own.has(key)) && random.chance(0.9) ? usualKey(random) : key;
};

const several = <T>(count: number, make: () => T): readonly T[] => Array.from({ length: count }, make);

const goodSettings = (random: Random, most: number): Record<string, string> =>
  Object.fromEntries(
    several(random.below(most + 1), () => usualKey(random)).map((key) => [key, goodValue(random, key)]),
  );

const hostileSettings = (random: Random, count: number): Record<string, string> =>
  Object.fromEntries(several(count, () => randomKey(random)).map((key) => [key, hostileValue(random, key)]));

const hostilePort = (random: Random): unknown =>
  random.pick<unknown>([
    { port: 80, name: randomFragment(random), appProtocol: randomFragment(random) },
    { port: 80, protocol: randomFragment(random) },
    { port: randomFragment(random) },
    { port: 1.5 },
    { port: -1 },
    { port: 70_000 },
    { port: "80" },
    { port: 80, targetPort: randomFragment(random), nodePort: randomFragment(random) },
    { port: 443, appProtocol: "https" },
    randomFragment(random),
    null,
    [],
  ]);

const hostileStructure = (random: Random, base: ServiceText): ServiceText => {
  const fragment = randomFragment(random);
  return random.pick<ServiceText>([
    { ...base, namespace: `default${fragment}` },
    { ...base, name: `${base.name}${fragment}` },
    { ...base, clusterIP: fragment },
    { ...base, clusterIP: `127.96.0.1${fragment}` },
    { ...base, clusterIP: "::ffff:7f60:1" },
    { ...base, type: fragment },
    { ...base, type: "ExternalName", externalName: fragment },
    { ...base, uid: fragment },
    { ...base, creationTimestamp: fragment },
    { ...base, ports: [hostilePort(random)] },
    { ...base, ports: several(random.below(4), () => hostilePort(random)) },
  ]);
};

/** A list of routes, as JSON or in the flow form of YAML, with good and bad entries. */
const routeList = (random: Random): string => {
  const entries = several(1 + random.below(4), () => ({
    ...goodSettings(random, 3),
    ...(random.chance(0.5) ? hostileSettings(random, 1) : {}),
    path: random.chance(0.8) ? goodValue(random, "path") : hostileValue(random, "path"),
  }));
  const json = JSON.stringify(entries);
  return random.chance(0.2) ? hostileValue(random, "routes") : json;
};

/** Keys as labels or as annotations, as it comes. */
const spread = (random: Random, settings: Record<string, string>): Pick<ServiceText, "annotations" | "labels"> => {
  const entries = Object.entries(settings).map((entry) => ({ entry, isLabel: random.chance(0.2) }));
  const chosen = (isLabel: boolean): Record<string, string> =>
    Object.fromEntries(entries.filter((one) => one.isLabel === isLabel).map(({ entry }) => entry));
  return { annotations: chosen(false), labels: chosen(true) };
};

/** A Service of somebody who means ill, or who merely errs; its name is its own. */
export const hostileService = (random: Random, index: number): ServiceText => {
  // Some hosts are several Services', so that there are conflicts.
  const host = random.chance(0.8) ? `h${index}.hostile.example` : `shared${random.below(20)}.hostile.example`;
  const base = { namespace: random.pick(["default", "team-a", "t"]), name: `s${index}`, clusterIP: "127.96.0.1" };
  const good = { host, ...goodSettings(random, 4) };
  switch (random.below(8)) {
    case 0:
    case 1:
      return { ...base, ...spread(random, good) };
    case 2:
    case 3:
    case 4:
      return { ...base, ...spread(random, { ...good, ...hostileSettings(random, 1) }) };
    case 5:
      return { ...base, ...spread(random, { ...good, ...hostileSettings(random, 2 + random.below(8)) }) };
    case 6:
      return hostileStructure(random, { ...base, ...spread(random, good) });
    default: {
      const named = {
        [randomFragment(random)]: randomFragment(random),
        [`${randomKey(random)}${randomFragment(random)}`]: "x",
      };
      return { ...base, ...spread(random, { ...good, ...named, routes: routeList(random) }) };
    }
  }
};
