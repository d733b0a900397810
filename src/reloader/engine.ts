import type { Health } from "../ops/endpoints.ts";
import { createReadingBudget } from "../ops/heap.ts";
import { attempt } from "./attempt.ts";
import { retryDelayMs } from "./backoff.ts";
import { differenceOf, type FileHashes, hashesOf } from "./changes.ts";
import type { DrainGate } from "./drain.ts";
import type { Generations } from "./generations.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { look } from "./look.ts";
import type { MainConf } from "./main-conf.ts";
import * as models from "./model.ts";
import type { NginxMaster } from "./nginx-master.ts";
import { type Candidate, noTimes, type Outcome, type Running, type Workshop } from "./outcome.ts";
import { isRefusedByKernel } from "./outside.ts";
import { nextStep } from "./plan.ts";
import { linkedRevision, prepareReleases } from "./releases.ts";
import type { Report } from "./report.ts";
import { createRest } from "./rest.ts";
import { createSupervisor } from "./supervisor.ts";

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

/** Some four reloads with 10,000 Services, forty with 1,000. */
const readingBudgetBytes = 8 * 1024 * 1024;

/** The engine's surroundings. */
export interface EngineParts {
  readonly shop: Workshop;
  /** What nginx.conf says whatever the revision. */
  readonly fixed: MainConf;
  readonly report: Report;
  readonly drainGate: DrainGate;
  readonly generations: Generations;
  /** Called at each periodic comparison, for what must not wait for a change. */
  readonly onCompare: () => Promise<void>;
  /** The comparison found a change of which the watch did not tell. */
  readonly onMissed: () => void;
}

/** Makes the loop; nothing happens before `run`. */
export const createEngine = (parts: EngineParts): Engine => {
  const { shop, fixed, report, drainGate } = parts;
  const { config, paths, stop, log } = shop;
  let model = models.createModel(config.reloadBurst, config.reloadIntervalMs, now());
  let candidate: Candidate | null = null;
  /** The files of the revision that was last attempted, or found to be live. */
  let settledFiles: FileHashes = new Map();
  let seenRevision: string | null = null;
  let interrupted: string | null = null;
  let unusable: string | null = null;
  let isSilent = false;
  const housekeeping = createHousekeeping(shop, parts.generations);
  let beatMs = now();
  const rest = createRest(config.compareIntervalMs);
  const haveRead = createReadingBudget(readingBudgetBytes);

  const update = (next: models.Model): void => {
    model = next;
    rest.wake();
  };
  const supervisor = createSupervisor(shop, report, {
    serving: (revision) => {
      isSilent = false;
      update(models.serving(model, revision));
    },
    down: (startAtMs) => update(models.down(model, startAtMs)),
    interrupted: (revision) => {
      interrupted = revision;
    },
  });

  const record = (tried: Candidate, outcome: Outcome): void => {
    if (outcome.kind !== "stopped") shop.enter(outcome.kind);
    haveRead(tried.files.reduce((sum, { bytes }) => sum + bytes.length, 0));
    switch (outcome.kind) {
      case "stopped":
        return;
      case "applied":
        report.ended(tried, outcome, null);
        if (model.live !== null) housekeeping.retired(model.live, outcome.retired);
        supervisor.adopt(outcome.master, tried.revision);
        return;
      case "rejected":
      case "unverified":
      case "failed": {
        const cost = outcome.kind === "unverified" ? outcome.cost : "nothing";
        const retryInMs = retryDelayMs(models.failedAttempts(model, tried.revision) + 1, cost);
        update(models.attemptFailed(model, tried.revision, outcome.kind, now() + retryInMs));
        report.ended(tried, outcome, retryInMs);
      }
    }
  };

  /** What ended the run before this one while it was tried is not tried again at once. */
  const recordInterrupted = (tried: Candidate): void => {
    if (tried.revision === interrupted) {
      const message = "the reloader was killed while nginx loaded this revision";
      report.attempting(tried, 1, now());
      record(tried, { kind: "unverified", times: noTimes, complaint: { message, at: null }, cost: "outage" });
    }
    interrupted = null;
  };

  const lookStep = async (): Promise<void> => {
    shop.enter("looking");
    const startMs = now();
    const wasTold = model.isDirty;
    model = models.lookBegun(model);
    const sight = await look(config.configDir, config.mainTemplateFile, fixed, paths);
    if (sight.kind === "unusable") {
      unusable = sight.reason;
      seenRevision = null;
      candidate = null;
      report.unusable(sight.reason);
      update(models.looked(model, null, false, startMs, now()));
      return;
    }
    const { revision, files } = sight.candidate;
    const { names, isWhole } = differenceOf(settledFiles, files);
    const isNew = revision !== seenRevision;
    const isLive = revision === model.live;
    const isFirst = seenRevision === null;
    unusable = null;
    seenRevision = revision;
    candidate = sight.candidate;
    update(models.looked(model, { revision, isWhole }, isNew, startMs, now()));
    if (isNew && !wasTold && !isFirst) parts.onMissed();
    if (isNew && !(isFirst && isLive)) report.changed(sight.candidate, names);
    recordInterrupted(sight.candidate);
    if (isLive) {
      settledFiles = hashesOf(files);
      candidate = null; // its bytes are not needed any more
      report.inSync(sight.candidate);
    }
  };

  const running = async (): Promise<Running> => {
    const master = supervisor.master();
    if (master !== null && model.live !== null) return { kind: "serving", master, live: model.live };
    return { kind: "down", previous: await linkedRevision(paths.verified) };
  };

  /** What lies between two changes: nginx may serve another revision than it should, hang, or lose workers. */
  const compareNginx = async (): Promise<void> => {
    const master = supervisor.master();
    const { live, wanted } = model;
    if (master === null || live === null) return;
    const found = await housekeeping.affirm(master, live, wanted?.revision ?? null);
    isSilent = found === "silent";
    if (found === "late" && wanted !== null) supervisor.adopt(master, wanted.revision);
    if (found === "agrees") report.workersLost(await housekeeping.lostWorkers(master));
    else housekeeping.attempted();
  };

  const attemptStep = async (): Promise<void> => {
    const master = supervisor.master();
    const holdMs = master === null ? 0 : await drainGate.holdMs(master.pid, now());
    if (holdMs > 0) return update(models.held(model, now() + holdMs));
    // Its bytes were let go: read again.
    if (candidate === null) return update({ ...model, isDirty: true });
    const tried = candidate;
    candidate = null;
    settledFiles = hashesOf(tried.files);
    const changedMs = model.change?.firstMs ?? now();
    model = models.attemptBegun(model, tried.revision, now());
    report.attempting(tried, models.failedAttempts(model, tried.revision) + 1, changedMs);
    const outcome = await attempt(shop, tried, await running());
    if (outcome.kind === "unverified" && outcome.cost === "outage") supervisor.forgiveDeath();
    housekeeping.attempted();
    record(tried, outcome);
    const extra = outcome.kind === "failed" ? "none" : "last";
    await housekeeping.prune(supervisor.master(), [tried.revision, model.live], extra);
  };

  const step = async (): Promise<void> => {
    beatMs = now();
    const next = nextStep(model, beatMs, config);
    switch (next.kind) {
      case "start":
        shop.enter("starting");
        return supervisor.start();
      case "look":
        if (!model.isDirty) {
          await parts.onCompare();
          await compareNginx();
        }
        return lookStep();
      case "attempt":
        return attemptStep();
      case "rest":
        shop.enter(next.state);
        return rest.until(next.untilMs);
    }
  };

  /** What the kernel refuses now (EMFILE, ENOMEM …) it may grant in a second: no reason to end nginx. */
  const stepOrPause = async (): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (!isRefusedByKernel(error)) throw error;
      log.warn({ err: error, state: report.state() }, "a step failed; it is tried again in a second");
      await rest.until(now() + 1_000);
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
      stop.addEventListener("abort", () => rest.wake(), { once: true });
      await prepareReleases(paths);
      try {
        await supervisor.boot();
        while (!stop.aborted) await stepOrPause();
        log.info({ reason: stop.reason }, "stopping");
      } finally {
        await supervisor.stop();
      }
    },
    changed: () => update(models.changed(model, now())),
    healthz: () =>
      now() - beatMs < hangMs
        ? { ok: true }
        : { ok: false, reason: `${report.state()} for ${Math.round(now() - beatMs)} ms: the loop hangs` },
    readyz: () => {
      if (stop.aborted) return { ok: false, reason: "stopping" };
      if (isSilent) return { ok: false, reason: "nginx does not answer" };
      if (model.live !== null) return { ok: true };
      return { ok: false, reason: unusable ?? report.reason() };
    },
    master: () => supervisor.master(),
  };
};
