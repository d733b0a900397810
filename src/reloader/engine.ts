import type { Health } from "../ops/endpoints.ts";
import { affirm } from "./affirm.ts";
import { attempt, isOutside } from "./attempt.ts";
import { retryDelayMs } from "./backoff.ts";
import { differenceOf, type FileHashes, hashesOf } from "./changes.ts";
import type { DrainGate } from "./drain.ts";
import { createGenerations } from "./generations.ts";
import { look } from "./look.ts";
import type { MainConf } from "./main-conf.ts";
import type { NginxMaster } from "./nginx-master.ts";
import type { Candidate, Outcome, Running, Workshop } from "./outcome.ts";
import { type Model, nextStep } from "./plan.ts";
import { linkedRevision, prepareReleases, pruneReleases } from "./releases.ts";
import type { Report } from "./report.ts";
import { noteChange } from "./settle.ts";
import { createSupervisor } from "./supervisor.ts";
import { createBucket, takeToken } from "./token-bucket.ts";

/** The loop that makes nginx serve what the configuration directory holds. */
export interface Engine {
  /**
   * Runs until the program is stopped, and ends nginx then.
   *
   * @throws ProgramError when nginx cannot be kept alive
   */
  readonly run: () => Promise<void>;
  /** Something in the directory may have changed. */
  readonly changed: () => void;
  /** Fails when the loop hangs, never for a bad configuration. */
  readonly healthz: () => Health;
  /** nginx serves a verified revision, and is not being stopped. */
  readonly readyz: () => Health;
  /** The running nginx, or null. */
  readonly master: () => NginxMaster | null;
}

const now = (): number => performance.now();

/** Beyond the sum of every deadline in a step, for a machine that is slow itself. */
const hangMarginMs = 30_000;

/** The engine's surroundings. */
export interface EngineParts {
  readonly shop: Workshop;
  /** What nginx.conf says whatever the revision. */
  readonly fixed: MainConf;
  readonly report: Report;
  readonly drainGate: DrainGate;
  /** Called at each periodic comparison, for what must not wait for a change. */
  readonly onCompare: () => Promise<void>;
}

/** Makes the loop; nothing happens before `run`. */
export const createEngine = ({ shop, fixed, report, drainGate, onCompare }: EngineParts): Engine => {
  const { config, paths, stop, log } = shop;
  let model: Model = {
    change: null,
    isDirty: true,
    lookedAtMs: Number.NEGATIVE_INFINITY,
    lookTookMs: 0,
    wanted: null,
    live: null,
    failure: null,
    startAtMs: null,
    heldUntilMs: 0,
    bucket: createBucket(config.reloadBurst, config.reloadIntervalMs, now()),
  };
  let candidate: Candidate | null = null;
  /** The files of the revision that was last attempted, or found to be live. */
  let settledFiles: FileHashes = new Map();
  let seenRevision: string | null = null;
  let unusable: string | null = null;
  let isSilent = false;
  const generations = createGenerations();
  let beatMs = now();
  let wake = (): void => {};

  const update = (change: Partial<Model>): void => {
    model = { ...model, ...change };
    wake();
  };
  const supervisor = createSupervisor(shop, report, {
    serving: (revision) => {
      isSilent = false;
      update({ live: revision, startAtMs: null, isDirty: true });
    },
    down: (startAtMs) => update({ live: null, startAtMs }),
  });

  const sleepUntil = (untilMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.max(1, untilMs - now()), config.compareIntervalMs));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const inSync = (found: Candidate): void => {
    settledFiles = hashesOf(found.files);
    candidate = null; // its bytes are not needed any more
    update({ change: null, failure: null });
    report.inSync(found);
  };

  const lookStep = async (): Promise<void> => {
    const startMs = now();
    model = { ...model, isDirty: false }; // what changes from here on is seen next time
    const sight = await look(config.configDir, config.mainTemplateFile, fixed, paths);
    const looked = { lookedAtMs: now(), lookTookMs: now() - startMs };
    if (sight.kind === "unusable") {
      unusable = sight.reason;
      seenRevision = null;
      candidate = null;
      report.unusable(sight.reason);
      update({ ...looked, wanted: null, change: null });
      return;
    }
    unusable = null;
    const { revision, files } = sight.candidate;
    const { names, isWhole } = differenceOf(settledFiles, files);
    const isNew = revision !== seenRevision;
    const isFirst = seenRevision === null;
    seenRevision = revision;
    candidate = sight.candidate;
    // Found by the comparison, without an event: it still has to settle.
    const change = isNew && model.change === null ? noteChange(null, startMs) : model.change;
    update({ ...looked, change, wanted: { revision, isWhole } });
    const isLive = revision === model.live;
    if (isNew && !(isFirst && isLive)) report.changed(sight.candidate, names);
    if (isLive) inSync(sight.candidate);
  };

  const running = async (): Promise<Running> => {
    const master = supervisor.master();
    if (master !== null && model.live !== null) return { kind: "serving", master, live: model.live };
    return { kind: "down", previous: await linkedRevision(paths.live) };
  };

  const record = (tried: Candidate, outcome: Outcome): void => {
    switch (outcome.kind) {
      case "stopped":
        return;
      case "applied":
        model = { ...model, failure: null };
        report.ended(tried, outcome, null);
        if (model.live !== null) generations.retire(model.live, outcome.retired);
        supervisor.adopt(outcome.master, tried.revision);
        return;
      case "rejected":
      case "unverified":
      case "failed": {
        const attempts = (model.failure?.revision === tried.revision ? model.failure.attempts : 0) + 1;
        const retryInMs = retryDelayMs(attempts);
        report.ended(tried, outcome, retryInMs);
        update({ failure: { revision: tried.revision, attempts, retryAtMs: now() + retryInMs } });
      }
    }
  };

  /** What lies between two changes: nginx may serve another revision than it should, or hang. */
  const affirmLive = async (): Promise<void> => {
    const master = supervisor.master();
    const { live, wanted } = model;
    if (master === null || live === null) return;
    try {
      const found = await affirm(shop, master, live, wanted?.revision ?? null);
      isSilent = found === "silent";
      if (found === "late" && wanted !== null) supervisor.adopt(master, wanted.revision);
    } catch (error) {
      if (!isOutside(error)) throw error;
      log.warn({ err: error }, "live.conf cannot be corrected");
    }
  };

  const prune = async (tried: string): Promise<void> => {
    const master = supervisor.master();
    const live = await linkedRevision(paths.live);
    const draining = master === null ? [] : await generations.draining(master.pid);
    try {
      await pruneReleases(paths, new Set([tried, live ?? tried, model.live ?? tried, ...draining]));
    } catch (error) {
      if (!isOutside(error)) throw error;
      log.warn({ err: error }, "old releases cannot be removed");
    }
  };

  const attemptStep = async (): Promise<void> => {
    const master = supervisor.master();
    const holdMs = master === null ? 0 : await drainGate.holdMs(master.pid, now());
    if (holdMs > 0) return update({ heldUntilMs: now() + holdMs });
    // Its bytes were let go, or another change came while the memory was looked at: read again.
    if (candidate === null || model.isDirty) return update({ isDirty: true });
    const tried = candidate;
    candidate = null;
    settledFiles = hashesOf(tried.files);
    model = { ...model, change: null, bucket: takeToken(model.bucket, now()) };
    const attempts = model.failure?.revision === tried.revision ? model.failure.attempts : 0;
    report.attempting(tried, attempts + 1);
    const outcome = await attempt(shop, tried, await running());
    record(tried, outcome);
    await prune(tried.revision);
  };

  const step = async (): Promise<void> => {
    beatMs = now();
    const next = nextStep(model, beatMs, config);
    switch (next.kind) {
      case "start":
        return supervisor.start();
      case "look":
        if (!model.isDirty) {
          await onCompare();
          await affirmLive();
        }
        return lookStep();
      case "attempt":
        return attemptStep();
      case "sleep":
        return sleepUntil(next.untilMs);
    }
  };

  const hangMs =
    config.compareIntervalMs +
    config.testTimeoutMs * 3 +
    config.verifyTimeoutMs * 4 +
    config.drainWaitMs +
    hangMarginMs;

  return {
    run: async () => {
      stop.addEventListener("abort", () => wake(), { once: true });
      await prepareReleases(paths);
      try {
        await supervisor.boot();
        while (!stop.aborted) await step();
        log.info({ reason: stop.reason }, "stopping");
      } finally {
        await supervisor.stop();
      }
    },
    changed: () => update({ isDirty: true, change: noteChange(model.change, now()) }),
    healthz: () =>
      now() - beatMs < hangMs
        ? { ok: true }
        : { ok: false, reason: `the loop has not moved for ${Math.round(now() - beatMs)} ms` },
    readyz: () => {
      if (stop.aborted) return { ok: false, reason: "stopping" };
      if (isSilent) return { ok: false, reason: "nginx does not answer" };
      if (model.live !== null) return { ok: true };
      return { ok: false, reason: unusable ?? report.reason() };
    },
    master: () => supervisor.master(),
  };
};
