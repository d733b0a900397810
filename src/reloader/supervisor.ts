import { setTimeout as sleep } from "node:timers/promises";
import { describeError, ProgramError } from "../ops/program.ts";
import { testRelease } from "./attempt.ts";
import { isHopeless, recordDeath, retryDelayMs } from "./backoff.ts";
import { endEarlierRun, startLive } from "./cold-start.ts";
import { endGroup, type NginxMaster } from "./nginx-master.ts";
import type { Workshop } from "./outcome.ts";
import { isOutside } from "./outside.ts";
import { releaseConfDir } from "./releases.ts";
import type { Report } from "./report.ts";
import { type ConfigFile, readConfigDirectory } from "./revision.ts";
import { restoreVerified } from "./verified.ts";

/** Keeps nginx alive. */
export interface Supervisor {
  readonly master: () => NginxMaster | null;
  /** Ends what an earlier run left, and starts nginx from the verified release when there is one. */
  readonly boot: () => Promise<void>;
  /**
   * Starts nginx from the verified release.
   *
   * @throws ProgramError when it died three times in 60 s
   */
  readonly start: () => Promise<void>;
  /** Takes over a master that serves a verified revision. */
  readonly adopt: (master: NginxMaster, revision: string) => void;
  /** The last death was a candidate's doing, which nginx was loading: it does not count. */
  readonly forgiveDeath: () => void;
  /** Lets requests in flight finish, and ends nginx. */
  readonly stop: () => Promise<void>;
}

/** What the supervisor tells the engine. */
export interface SupervisorEvents {
  readonly serving: (revision: string) => void;
  /** @param startAtMs when to start it (monotonic); null when there is nothing to start from */
  readonly down: (startAtMs: number | null) => void;
  /** live.conf named a revision that was being tried when the run before this was ended. */
  readonly interrupted: (revision: string) => void;
}

/** nginx cuts the last connections off after worker_shutdown_timeout: it needs a moment more to end. */
const drainMarginMs = 2_000;

/** Makes the supervisor of one nginx. */
export const createSupervisor = (shop: Workshop, report: Report, events: SupervisorEvents): Supervisor => {
  const { config, paths, stop, log } = shop;
  let master: NginxMaster | null = null;
  let deathsMs: readonly number[] = [];
  let lastDeath = "";
  let failedStarts = 0;
  /** Resolves when what a dead master left is ended. */
  let swept: Promise<unknown> = Promise.resolve();

  const countDeath = (how: string): void => {
    deathsMs = recordDeath(deathsMs, performance.now());
    lastDeath = how;
  };

  const onEnd = (ended: NginxMaster, how: string): void => {
    if (master !== ended) return;
    master = null;
    if (stop.aborted) return;
    countDeath(how);
    report.died(how);
    swept = endGroup(ended.pid);
    events.down(performance.now());
  };

  const adopt = (started: NginxMaster, revision: string): void => {
    failedStarts = 0;
    if (master !== started) {
      master = started;
      void started.end.then((how) => onEnd(started, how));
    }
    if (started.ended() === null) events.serving(revision);
  };

  const startAgainLater = (revision: string | null, message: string): void => {
    failedStarts += 1;
    const retryInMs = retryDelayMs(failedStarts, "nothing");
    report.notStarted(revision, message, retryInMs);
    events.down(performance.now() + retryInMs);
  };

  const filesOf = async (revision: string): Promise<readonly ConfigFile[]> => {
    const release = await readConfigDirectory(releaseConfDir(shop.paths, revision));
    return release.kind === "files" ? release.files : [];
  };

  const startFrom = async (revision: string): Promise<void> => {
    const started = await startLive(shop, revision);
    switch (started.kind) {
      case "stopped":
        return;
      case "serving":
        report.started(revision, await filesOf(revision), started.firstMs);
        return adopt(started.master, revision);
      case "refused": {
        // Before nginx has read where its log is, only a test tells what it does not like.
        const { complaint } = await testRelease(shop, paths.live, revision);
        if (stop.aborted) return;
        return startAgainLater(revision, (complaint ?? started.complaint).message);
      }
      case "silent":
        return startAgainLater(revision, started.complaint.message);
      case "died":
        countDeath(started.complaint.message);
        report.notStarted(revision, started.complaint.message, 0);
        return events.down(performance.now());
    }
  };

  const start = async (): Promise<void> => {
    // What could not be swept is found by its group when nginx is started.
    await swept.catch(() => null);
    if (isHopeless(deathsMs)) {
      throw new ProgramError(`nginx died ${deathsMs.length} times in 60 s (last: ${lastDeath})`);
    }
    try {
      const { verified, interrupted } = await restoreVerified(shop);
      if (interrupted !== null && verified !== null) events.interrupted(interrupted);
      if (verified === null) events.down(null);
      else await startFrom(verified);
    } catch (error) {
      if (!isOutside(error)) throw error;
      startAgainLater(null, describeError(error));
    }
  };

  const stopNginx = async (): Promise<void> => {
    await swept.catch(() => null);
    const ending = master;
    if (ending === null) return;
    const drainMs = config.workerShutdownTimeout.ms + drainMarginMs;
    ending.signal("SIGQUIT");
    const timer = new AbortController();
    const how = await Promise.race([ending.end, sleep(drainMs, null, { signal: timer.signal })]);
    timer.abort();
    if (how === null) {
      log.warn({ drainMs }, "nginx did not end in time; it is killed");
      ending.signal("SIGTERM");
      await Promise.race([ending.end, sleep(1_000)]);
      ending.signal("SIGKILL");
    }
    await endGroup(ending.pid);
  };

  return {
    master: () => master,
    boot: async () => {
      await endEarlierRun(shop);
      await start();
    },
    start,
    adopt,
    forgiveDeath: () => {
      deathsMs = deathsMs.slice(0, -1);
    },
    stop: stopNginx,
  };
};
