import type { Clock } from "../kube/clock.ts";
import type { ReflectorChange, RelistChange } from "../kube/reflection.ts";
import type { Logger } from "../ops/log.ts";
import { type ServiceRecord, serviceKey } from "../routes/service.ts";
import type { GeneratorMetrics } from "./metrics.ts";

export interface MassDeleteOptions {
  /** How long the Services stay; 0: a list is always believed at once. */
  readonly holdMs: number;
  /** The keys of the Services in the configuration that an earlier process left: what the first list is compared with. */
  readonly earlier: ReadonlySet<string>;
  readonly clock: Clock;
  /** Asks for a complete list of a namespace (null: of all). */
  readonly relist: (namespace: string | null) => void;
  readonly metrics: Pick<GeneratorMetrics, "heldServices">;
  readonly log: Logger;
}

/**
 * Keeps Services routed that vanish from a list together with most others: an API server restored from an old backup, or
 * one that answers with half of what it knows, must not empty nginx. They stay for `holdMs`, and until a list that was
 * asked for after that confirms it. Deletions that a watch tells one by one are believed at once.
 */
export interface MassDeleteHold {
  /** Takes a change of a namespace's local copy (null: of all), and gives the keys whose published state it changes. */
  observe(change: ReflectorChange<ServiceRecord>, namespace: string | null): readonly string[];
  /** The Services that stay though the local copy lacks them. */
  held(): Iterable<ServiceRecord>;
  get(key: string): ServiceRecord | undefined;
  /**
   * True while Services are held that an earlier process routed: what they were is not known, so that the configuration
   * it left must stand as a whole.
   */
  readonly isBlocking: boolean;
  /** The configuration that an earlier process left has been replaced. */
  forgetEarlier(): void;
  stop(): void;
}

/** A Service that a list lacks; null where only its name is known. */
interface Gone {
  readonly key: string;
  readonly value: ServiceRecord | null;
}

/** What was gone from one list. */
interface Hold {
  readonly namespace: string | null;
  /** By key; null, in a hold of the first list, for one of which only the name is known. */
  readonly services: Map<string, ServiceRecord | null>;
  /** Fewer are not worth the hold. */
  readonly least: number;
  /** Monotonic: a list asked for from then on confirms it; null while the time runs. */
  confirmedFromMs: number | null;
  readonly cancelTimer: () => void;
}

const leastGone = 10;
// The log names so many of the Services; how many there are is a key of its own.
const shownServices = 5;

const isMassDelete = (gone: number, total: number): boolean => gone >= leastGone && gone * 2 > total;

export const createMassDeleteHold = (options: MassDeleteOptions): MassDeleteHold => {
  const { holdMs, clock, relist, metrics, log } = options;
  let { earlier } = options;
  let holds: readonly Hold[] = [];

  const settle = (): void => {
    for (const { services, least, cancelTimer } of holds) if (services.size < least) cancelTimer();
    holds = holds.filter(({ services, least }) => services.size >= least);
    metrics.heldServices.set(holds.reduce((sum, { services }) => sum + services.size, 0));
  };

  /** What the earlier configuration routed of a namespace. */
  const earlierIn = (namespace: string | null): readonly string[] =>
    [...earlier].filter((key) => namespace === null || key.startsWith(`${namespace}/`));

  const goneFrom = (
    change: RelistChange<ServiceRecord>,
    namespace: string | null,
  ): { readonly gone: readonly Gone[]; readonly total: number } => {
    if (!change.first) return { gone: change.removed, total: change.total };
    const known = earlierIn(namespace);
    const listed = new Set(change.added);
    return {
      gone: known.filter((key) => !listed.has(key)).map((key) => ({ key, value: null })),
      total: known.length,
    };
  };

  const hold = (namespace: string | null, gone: readonly Gone[], total: number): void => {
    const services = new Map(gone.map(({ key, value }) => [key, value]));
    // One that is held by its name holds everything else up: for a few of them that is not worth it.
    const least = gone.some(({ value }) => value === null) ? leastGone : 1;
    const cancelTimer = clock.after(holdMs, () => {
      begun.confirmedFromMs = clock.nowMs();
      relist(namespace);
    });
    const begun: Hold = { namespace, services, least, confirmedFromMs: null, cancelTimer };
    holds = [...holds, begun];
    const shown = [...services.keys()].slice(0, shownServices);
    const heldUntil = new Date(Date.now() + holdMs).toISOString();
    log.warn(
      { namespace, services: shown, gone: services.size, total, heldUntil },
      "a list lacks most of the Services: they stay routed until a second list confirms it",
    );
  };

  const comeBack = (keys: readonly string[]): void => {
    for (const { namespace, services } of holds) {
      const back = keys.filter((key) => services.delete(key)).length;
      if (back > 0) log.info({ namespace, back, gone: services.size }, "Services that a list lacked are back");
    }
  };

  /** Ends the holds that this list confirms, and gives the keys that were in them. */
  const confirm = ({ seenAtMs }: RelistChange<ServiceRecord>, namespace: string | null): readonly string[] => {
    const isConfirmed = ({ confirmedFromMs, ...held }: Hold): boolean =>
      held.namespace === namespace && confirmedFromMs !== null && seenAtMs >= confirmedFromMs;
    return holds.filter(isConfirmed).flatMap(({ services }) => {
      const keys = [...services.keys()];
      const shown = keys.slice(0, shownServices);
      if (keys.length > 0) {
        log.warn({ namespace, services: shown, gone: keys.length }, "a second list confirms it: the Services are gone");
      }
      services.clear();
      return keys;
    });
  };

  const observeList = (change: RelistChange<ServiceRecord>, namespace: string | null): readonly string[] => {
    comeBack(change.added);
    const confirmed = confirm(change, namespace);
    const { gone, total } = goneFrom(change, namespace);
    const isHeld = holdMs > 0 && isMassDelete(gone.length, total);
    if (isHeld) hold(namespace, gone, total);
    settle();
    const removed = isHeld ? [] : change.removed.map(({ key }) => key);
    return [...change.added, ...change.updated, ...removed, ...confirmed];
  };

  return {
    observe: (change, namespace) => {
      if (change.kind === "relist") return observeList(change, namespace);
      if (holds.length > 0) {
        if (change.kind === "removed") for (const { services } of holds) services.delete(change.key);
        else comeBack([change.key]);
        settle();
      }
      return [change.key];
    },
    *held() {
      for (const { services } of holds) for (const service of services.values()) if (service !== null) yield service;
    },
    get: (key) => {
      for (const { services } of holds) {
        const service = services.get(key);
        if (service !== undefined && service !== null) return service;
      }
      return undefined;
    },
    get isBlocking() {
      return holds.some(({ services }) => [...services.values()].includes(null));
    },
    forgetEarlier: () => {
      earlier = new Set();
    },
    stop: () => {
      for (const { cancelTimer } of holds) cancelTimer();
    },
  };
};

/**
 * `upstream NAME.NAMESPACE.PORT {`, as the built-in template writes one for each port of a Service that is routed, and what it
 * says of an address in an upstream that Services share.
 */
const upstreamLine = /^(?:upstream | {4}server \S+ route=.*; # )([a-z0-9-]+)\.([a-z0-9-]+)\.\d+(?: \{)?$/gm;

/** The keys of the Services that a configuration passes requests on to. */
export const servicesIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(upstreamLine)].map(([, name = "", namespace = ""]) => serviceKey({ namespace, name })));
