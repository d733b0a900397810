import type { ReloaderStatus } from "../../contract/status.ts";
import type { Clock } from "../../kube/clock.ts";
import type { SiteTemplate } from "../../nginx/site-view.ts";
import type { Logger } from "../../ops/log.ts";
import type { Holds } from "../../routes/holds.ts";
import type { Problem } from "../../routes/problem.ts";
import { type ServiceRecord, serviceKey } from "../../routes/service.ts";
import type { ServiceList } from "../../routes/service-list.ts";
import type { GeneratorMetrics } from "../metrics.ts";
import { byKey, findCulprits, isSameService, type Served } from "./culprits.ts";
import { type Hold, nginxWords, quarantineProblem, retryDelayMs } from "./hold.ts";
import type { KeptHold } from "./hold-file.ts";
import type { Ingredients, TraceLine } from "./ingredients.ts";
import { isOfRecent, type RecentNginx } from "./recent-nginx.ts";

/** The Services as they are to be rendered. */
export interface Sifted {
  readonly services: readonly ServiceRecord[];
  /** Null while nothing is held. */
  readonly holds: Holds | null;
  /** What the owners of those that are held are told. */
  readonly problems: readonly Problem[];
}

/**
 * Keeps the Services that nginx refuses away from it: each is held at the version that nginx last served, and everything
 * else goes live. Where nginx does not say whose fault it is, all that has changed is held, and given back by halves.
 */
export interface Quarantine {
  /** Puts what is held in the place of what is refused. A hold ends when its Service changes or goes. */
  sift(current: Iterable<ServiceRecord>): Sifted;
  /** Takes what is in the file now, and what it was made of. */
  published(hash: string, ingredients: Ingredients): void;
  /** Takes what the reloader says. */
  observe(status: ReloaderStatus): void;
  stop(): void;
}

/** A configuration in the file: its hash, and what it was made of. */
export interface Published {
  readonly hash: string;
  readonly ingredients: Ingredients;
}

export interface QuarantineOptions {
  /** The configuration's base name, as `status.json` has it. */
  readonly file: string;
  readonly trace: TraceLine;
  /** Those of an earlier process. */
  readonly kept: readonly KeptHold[];
  /**
   * What an earlier process, or init, made its configuration of; null where that is not known. Asked for once, when the
   * first configuration is published: nothing can be refused before.
   */
  readonly earlier: (first: Published) => ServiceList | null;
  readonly clock: Clock;
  readonly metrics: Pick<GeneratorMetrics, "quarantinedServices">;
  readonly log: Logger;
  /** Told when another configuration is wanted than the one that was published. */
  readonly onChange: () => void;
  /** Told of a configuration that nginx refused and whose culprits are held now. */
  readonly onRefused: (hash: string) => void;
  /** Told first of what nginx refuses and takes: where that is not for a Service's sake, none is blamed. */
  readonly recentNginx: Pick<RecentNginx, "refused" | "accepted">;
  /** Told when the template is to blame; the one that made what nginx serves. */
  readonly onTemplateRefused: (served: SiteTemplate, words: string) => void;
  /** Told of what nginx has come to serve. */
  readonly onServed: (hash: string, services: readonly ServiceRecord[]) => void;
  /** Told when what is to outlive the process has changed. */
  readonly onKept: (holds: readonly KeptHold[]) => void;
}

interface ServedFile extends Served {
  readonly hash: string;
}

/** What nginx serves before its first start. */
const nothing: Served = { services: [], template: null };

// A reloader that is away must not cost memory: the oldest are forgotten.
const maxPending = 16;

/** status.json comes from the container that faces the internet: what it may have held is bounded. */
const mostHeld = (services: number): number => Math.max(20, Math.floor(services / 2));

export const createQuarantine = (options: QuarantineOptions): Quarantine => {
  const { file, clock, log } = options;
  let holds: ReadonlyMap<string, Hold> = new Map(
    options.kept.map((kept) => [
      serviceKey(kept.refused),
      { ...kept, isOnTrial: false, failures: 1, retryAtMs: clock.nowMs() + retryDelayMs(1) },
    ]),
  );
  /** What nginx serves was made of this; null while that is not known. */
  let served: ServedFile | null = null;
  let earlier: ServiceList | null = null;
  let hasPublished = false;
  /** What was published since, oldest first. */
  let pending: readonly Published[] = [];
  let status: ReloaderStatus | null = null;
  let handled: string | null = null;
  /** What nginx served when the first of the holds began. */
  let baseline: ReadonlyMap<string, ServiceRecord> = new Map();
  /** How many of the suspects are given to nginx next, and whether it took the last ones. */
  let trialSize = 1;
  let isTrialGood = false;
  let cancelRetry: (() => void) | null = null;

  const isHeld = ({ isOnTrial }: Hold): boolean => !isOnTrial;

  const scheduleRetry = (): void => {
    cancelRetry?.();
    const dueAtMs = Math.min(...[...holds.values()].filter(isHeld).map(({ retryAtMs }) => retryAtMs));
    cancelRetry = Number.isFinite(dueAtMs) ? clock.after(Math.max(0, dueAtMs - clock.nowMs()), retryDue) : null;
  };

  const setHolds = (next: ReadonlyMap<string, Hold>): void => {
    holds = next;
    const held = [...holds.values()].filter(isHeld);
    options.metrics.quarantinedServices.set(held.length);
    scheduleRetry();
    options.onKept(
      held.map(({ refused, served: as, words, isCertain }) => ({ refused, served: as, words, isCertain })),
    );
  };

  /** Gives nginx the refused versions once more. */
  const tryAgain = (tried: readonly (readonly [string, Hold])[]): void => {
    if (tried.length === 0) return;
    setHolds(new Map([...holds, ...tried.map(([key, hold]) => [key, { ...hold, isOnTrial: true }] as const)]));
    options.onChange();
  };
  const retryDue = (): void => {
    const due = [...holds].filter(([, hold]) => isHeld(hold) && hold.retryAtMs <= clock.nowMs());
    log.info({ services: due.map(([key]) => key) }, "giving nginx once more what it refused");
    tryAgain(due);
  };

  /** Of several that may be the cause, a part goes to nginx with every configuration that it takes. */
  const tryNext = (): void => {
    const suspects = [...holds].filter(([, hold]) => isHeld(hold) && !hold.isCertain);
    tryAgain(suspects.slice(0, trialSize));
    // The half that is left of a set with a culprit in it holds the culprit: it is not to be mixed with others.
    if (isTrialGood) trialSize *= 2;
    isTrialGood = true;
  };

  const hold = (blamed: readonly ServiceRecord[], words: string, isCertain: boolean): void => {
    const known = served === null ? new Map<string, ServiceRecord>() : byKey(served.services);
    if (holds.size === 0) baseline = known;
    const next = new Map(holds);
    for (const refused of blamed) {
      const key = serviceKey(refused);
      const before = holds.get(key);
      const isKnown = before !== undefined && isSameService(before.refused, refused);
      const failures = isKnown ? before.failures + 1 : 1;
      // One that is on trial is not served yet: what it was held at still is.
      const as = isKnown ? before.served : (known.get(key) ?? null);
      const retryAtMs = clock.nowMs() + retryDelayMs(failures);
      next.set(key, { refused, served: as, words, isCertain, isOnTrial: false, failures, retryAtMs });
    }
    setHolds(next);
  };

  const refuse = ({ hash, ingredients }: Published, { message, at, live }: ReloaderStatus): void => {
    handled = hash;
    if (options.recentNginx.refused(ingredients.options, message)) {
      isTrialGood = false;
      options.onRefused(hash);
      options.onChange();
      return;
    }
    const owners = at === null ? [] : options.trace(ingredients, hash, at.line);
    const words = nginxWords(message);
    const verdict = findCulprits(ingredients, served ?? (live === null ? nothing : null), owners);
    isTrialGood = false;
    const reason = message;
    switch (verdict.kind) {
      case "nobody":
        log.warn({ reason }, "nginx refuses the configuration, and no Service is to blame: the last good one stands");
        return;
      case "template":
        options.onTemplateRefused(verdict.served, words);
        break;
      case "one":
        hold([verdict.service], words, true);
        break;
      case "some": {
        const { services } = verdict;
        const added = services.filter((service) => !holds.has(serviceKey(service)));
        // Where nothing is served nothing can be lost by it.
        if (live !== null && added.length > mostHeld(ingredients.services.length)) {
          log.warn(
            { reason, services: services.length },
            "nginx refuses the configuration, and too many Services have changed to hold them all: the last good one stands",
          );
          return;
        }
        trialSize = Math.max(1, Math.floor(services.length / 2));
        hold(services, words, false);
        log.warn(
          { reason, services: services.length },
          "nginx refuses the configuration because of one of these Services: they are served as before while it is looked for",
        );
      }
    }
    options.onRefused(hash);
    options.onChange();
  };

  const accept = (taken: Published): void => {
    options.recentNginx.accepted(taken.ingredients.options);
    if (taken.hash !== served?.hash) options.onServed(taken.hash, taken.ingredients.services);
    served = { hash: taken.hash, ...taken.ingredients };
    earlier = null;
    pending = pending.slice(pending.indexOf(taken) + 1);
    if (holds.size === 0) return;
    const tried = byKey(taken.ingredients.services);
    const good = [...holds].filter(([key, { isOnTrial, refused }]) => {
      const now = tried.get(key);
      return isOnTrial && now !== undefined && isSameService(now, refused);
    });
    if (good.length > 0) {
      const left = new Map(holds);
      for (const [key] of good) left.delete(key);
      setHolds(left);
    }
    if (pending.length === 0) tryNext();
  };

  /** Compares what was published with what the reloader says, in whichever order the two came. */
  const judge = (): void => {
    if (status === null) return;
    const hash = status.files[file];
    const live = status.state === "applied" ? hash : status.liveFiles[file];
    if (live !== undefined && live === earlier?.hash) {
      served ??= { ...earlier, template: null };
      earlier = null;
    }
    if (hash !== handled) handled = null;
    const taken = pending.findLast((published) => published.hash === live);
    if (taken !== undefined) accept(taken);
    const judged = pending.findLast((published) => published.hash === hash);
    // What nginx serves already has not become bad by itself: another file is to blame.
    if (judged === undefined || hash === served?.hash) return;
    const isOurs = status.at === null || status.at.file === file;
    // What ours has set another one cannot set again.
    if (!isOurs && !isOfRecent(judged.ingredients.options, status.message)) return;
    // A test that took too long says nothing against a Service.
    if (status.state !== "rejected" || status.refusedBy !== "nginx") return;
    if (handled === null) refuse(judged, status);
  };

  const takeUpEarlier = (first: Published): void => {
    hasPublished = true;
    earlier = options.earlier(first);
    if (earlier?.isServed === true) served = { ...earlier, template: null };
  };

  const sift = (current: readonly ServiceRecord[]): Sifted => {
    const now = byKey(current);
    const ended = [...holds].filter(([key, { refused }]) => {
      const service = now.get(key);
      return service === undefined || !isSameService(service, refused);
    });
    if (ended.length > 0) {
      const left = new Map(holds);
      for (const [key] of ended) left.delete(key);
      setHolds(left);
    }
    const held = new Map([...holds].filter(([, hold]) => isHeld(hold)));
    if (held.size === 0) return { services: current, holds: null, problems: [] };
    const isNew = (service: ServiceRecord): boolean => {
      const before = baseline.get(serviceKey(service));
      return before === undefined || !isSameService(before, service);
    };
    return {
      services: current.flatMap((service) => {
        const found = held.get(serviceKey(service));
        return found === undefined ? [service] : found.served === null ? [] : [found.served];
      }),
      holds: {
        held: new Set(held.keys()),
        newcomers:
          baseline.size === 0
            ? new Set()
            : new Set(current.filter((service) => !held.has(serviceKey(service)) && isNew(service)).map(serviceKey)),
      },
      problems: [...held.values()].filter(({ isCertain }) => isCertain).map(quarantineProblem),
    };
  };

  options.metrics.quarantinedServices.set(holds.size);
  scheduleRetry();
  return {
    sift: (current) => (holds.size === 0 ? { services: [...current], holds: null, problems: [] } : sift([...current])),
    published: (hash, ingredients) => {
      const published = { hash, ingredients };
      if (!hasPublished) takeUpEarlier(published);
      if (hash === served?.hash) {
        // Back to what nginx serves: what lay between will not be asked for any more.
        pending = [];
        accept(published);
        return;
      }
      pending = [...pending.filter((earlier) => earlier.hash !== hash), published].slice(-maxPending);
      judge();
    },
    observe: (next) => {
      status = next;
      judge();
    },
    stop: () => cancelRetry?.(),
  };
};
