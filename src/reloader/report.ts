import type { ReloaderStatus, StatusState } from "../contract/status.ts";
import type { Logger } from "../ops/log.ts";
import type { ReloaderMetrics } from "./metrics.ts";
import { cutMessage } from "./nginx-message.ts";
import type { Candidate, Outcome } from "./outcome.ts";
import type { State } from "./plan.ts";
import type { ConfigFile } from "./revision.ts";
import type { StatusFile } from "./status-file.ts";

/** The first digits of a revision, for a person's eye. */
export const short = (revision: string): string => revision.slice(0, 12);

const shortOrNull = (revision: string | null): string | null => (revision === null ? null : short(revision));

const whole = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10);

/** Tells the world what the engine does: log lines, metrics, status.json. It decides nothing. */
export interface Report {
  /** What status.json says from an earlier run does not hold any more. */
  readonly starting: () => void;
  /** The directory holds another revision than when it was read before. */
  readonly changed: (candidate: Candidate, names: readonly string[]) => void;
  /** The directory cannot be used. Said once for each reason. */
  readonly unusable: (reason: string) => void;
  /** @param changedMs when its first change was seen (monotonic) */
  readonly attempting: (candidate: Candidate, attempts: number, changedMs: number) => void;
  readonly ended: (candidate: Candidate, outcome: Outcome, retryInMs: number | null) => void;
  /** nginx was started from the verified release and answers. */
  readonly started: (revision: string, files: readonly ConfigFile[], firstMs: number) => void;
  readonly notStarted: (revision: string | null, message: string, retryInMs: number) => void;
  readonly died: (how: string) => void;
  /** The directory holds what nginx serves. */
  readonly inSync: (candidate: Candidate) => void;
  /** The loop is in another state. */
  readonly entered: (state: State) => void;
  readonly state: () => State;
  /** The watch did not tell of a change. */
  readonly missed: () => void;
  /** So many workers ended without a reload; nginx replaced them. */
  readonly workersLost: (count: number) => void;
  /** The last thing that went wrong, for a probe's answer. */
  readonly reason: () => string;
}

const none = { testedMs: null, firstMs: null, settledMs: null } as const;

const hashes = (files: readonly ConfigFile[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file.name, file.sha256]));

const observe = (metrics: ReloaderMetrics, outcome: Outcome): void => {
  if (outcome.kind === "stopped") return;
  metrics.reloads.inc({ result: outcome.kind });
  const { testedMs, firstMs, settledMs } = outcome.times;
  if (testedMs !== null) metrics.reloadDuration.observe({ phase: "test" }, testedMs / 1000);
  if (firstMs !== null) metrics.reloadDuration.observe({ phase: "signal" }, firstMs / 1000);
  if (firstMs !== null && settledMs !== null) {
    metrics.reloadDuration.observe({ phase: "verify" }, (settledMs - firstMs) / 1000);
  }
};

/** Makes the report of one program. */
export const createReport = (log: Logger, metrics: ReloaderMetrics, file: StatusFile): Report => {
  let status: ReloaderStatus = {
    version: 1,
    files: {},
    wanted: null,
    live: null,
    liveFiles: {},
    state: "pending",
    refusedBy: null,
    message: "starting",
    at: null,
    ...none,
    attempts: 0,
    since: new Date().toISOString(),
  };
  const publish = (change: Partial<ReloaderStatus>): void => {
    const refusedBy = (change.state ?? status.state) === "rejected" ? status.refusedBy : null;
    const next = { ...status, refusedBy, ...change };
    const isSame = next.state === status.state && next.wanted === status.wanted && next.live === status.live;
    status = { ...next, since: isSame ? status.since : new Date().toISOString() };
    file.publish(status);
  };
  const setLive = (revision: string | null): void => {
    metrics.revision.reset();
    metrics.nginxUp.set(revision === null ? 0 : 1);
    if (revision !== null) metrics.revision.set({ revision }, 1);
  };
  const succeeded = (): void => {
    metrics.lastSuccessful.set(1);
    metrics.lastSuccess.set(Date.now() / 1000);
  };
  let lastUnusable: string | null = null;
  let state: State = "starting";
  metrics.state.set({ state }, 1);
  /** When the first change of what is attempted was seen. */
  let sinceMs = performance.now();
  return {
    starting: () => publish({}),
    changed: (candidate, names) => {
      lastUnusable = null;
      metrics.changes.inc();
      log.info({ revision: short(candidate.revision), files: names.slice(0, 20) }, "configuration changed");
    },
    unusable: (reason) => {
      if (reason === lastUnusable) return;
      lastUnusable = reason;
      metrics.lastSuccessful.set(0);
      log.warn({ reason, live: shortOrNull(status.live) }, "configuration cannot be read; what is live stays");
      publish({
        files: {},
        wanted: null,
        state: "pending",
        message: cutMessage(reason),
        at: null,
        attempts: 0,
        ...none,
      });
    },
    attempting: (candidate, attempts, changedMs) => {
      sinceMs = changedMs;
      publish({
        files: hashes(candidate.files),
        wanted: candidate.revision,
        state: "pending",
        message: "",
        at: null,
        attempts,
        ...none,
      });
    },
    ended: (candidate, outcome, retryInMs) => {
      observe(metrics, outcome);
      const revision = short(candidate.revision);
      switch (outcome.kind) {
        case "stopped":
          return;
        case "applied": {
          const { testedMs, firstMs, settledMs } = outcome.times;
          const liveInMs = whole(performance.now() - sinceMs);
          succeeded();
          setLive(candidate.revision);
          log.info(
            { revision, liveInMs, testedMs: whole(testedMs), firstMs: whole(firstMs), settledMs: whole(settledMs) },
            "applied",
          );
          publish({
            ...outcome.times,
            live: candidate.revision,
            liveFiles: hashes(candidate.files),
            state: "applied",
            message: "",
            at: null,
          });
          return;
        }
        case "rejected":
        case "unverified":
        case "failed": {
          const { message, at } = outcome.complaint;
          metrics.lastSuccessful.set(0);
          log.error(
            { revision, live: shortOrNull(status.live), at, reason: message, attempts: status.attempts, retryInMs },
            sentences[outcome.kind],
          );
          const refusedBy = outcome.kind === "rejected" ? outcome.refusedBy : null;
          publish({ ...outcome.times, state: stateOf[outcome.kind], refusedBy, message, at });
          return;
        }
      }
    },
    started: (revision, files, firstMs) => {
      setLive(revision);
      log.info({ revision: short(revision), firstMs: whole(firstMs) }, "nginx started from the last verified release");
      publish({ live: revision, liveFiles: hashes(files) });
    },
    notStarted: (revision, message, retryInMs) => {
      log.error(
        { revision: shortOrNull(revision), reason: message, retryInMs },
        "nginx cannot serve the last verified release: correct what the reason names, or change the configuration",
      );
      publish({ message: cutMessage(message) });
    },
    died: (how) => {
      setLive(null);
      log.error({ how }, "nginx died; it is started anew from the last verified release");
      publish({ live: null, liveFiles: {}, state: "pending", message: `nginx died (${how})`, at: null });
    },
    inSync: (candidate) => {
      metrics.lastSuccessful.set(1);
      if (status.state === "applied" && status.wanted === candidate.revision && status.live === candidate.revision)
        return;
      log.info({ revision: short(candidate.revision) }, "configuration is live already");
      publish({
        files: hashes(candidate.files),
        wanted: candidate.revision,
        live: candidate.revision,
        liveFiles: hashes(candidate.files),
        state: "applied",
        message: "",
        at: null,
        attempts: 0,
        ...none,
      });
    },
    entered: (next) => {
      if (next === state) return;
      log.debug({ from: state, to: next }, "state");
      metrics.state.set({ state }, 0);
      metrics.state.set({ state: next }, 1);
      state = next;
    },
    state: () => state,
    missed: () => {
      metrics.watchMissed.inc();
      log.info("the watch did not tell of a change: the comparison found it");
    },
    workersLost: (count) => {
      if (count === 0) return;
      metrics.workersLost.inc(count);
      log.warn(
        { workers: count },
        "nginx workers ended by themselves and were replaced: look for a signal in nginx's log",
      );
    },
    reason: () => `nginx serves no verified revision: ${status.message || status.state}`,
  };
};

const sentences = {
  rejected: "refused: correct the file; what is live stays",
  unverified: "nginx did not take it up: look at the reason; what is live stays",
  failed: "could not try: look at the reason; what is live stays",
} as const;

/** A failure of the reloader's own says nothing against the configuration: it is still to be tried. */
const stateOf: Readonly<Record<"rejected" | "unverified" | "failed", StatusState>> = {
  rejected: "rejected",
  unverified: "unverified",
  failed: "pending",
};
