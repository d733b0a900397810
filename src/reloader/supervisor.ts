import { setTimeout as sleep } from "node:timers/promises";
import { writeFileAtomic } from "../files/atomic-write.ts";
import { ProgramError } from "../ops/program.ts";
import { testRelease } from "./attempt.ts";
import { isHopeless, recordDeath, retryDelayMs } from "./backoff.ts";
import { startLive } from "./cold-start.ts";
import { endGroup, endLeftovers, type NginxMaster } from "./nginx-master.ts";
import type { Workshop } from "./outcome.ts";
import { linkedRevision } from "./releases.ts";
import type { Report } from "./report.ts";

/** Keeps nginx alive. */
export interface Supervisor {
  readonly master: () => NginxMaster | null;
  /** Ends what an earlier run left, and starts nginx from live.conf when there is one. */
  readonly boot: () => Promise<void>;
  /**
   * Starts nginx from live.conf.
   *
   * @throws ProgramError when it died three times in 60 s
   */
  readonly start: () => Promise<void>;
  /** Takes over a master that serves a verified revision. */
  readonly adopt: (master: NginxMaster, revision: string) => void;
  /** Lets requests in flight finish, and ends nginx. */
  readonly stop: () => Promise<void>;
}

/** What the supervisor tells the engine. */
export interface SupervisorEvents {
  readonly serving: (revision: string) => void;
  /** @param startAtMs when to start from live.conf (monotonic); null when there is nothing to start from */
  readonly down: (startAtMs: number | null) => void;
}

/** nginx cuts the last connections off after worker_shutdown_timeout: it needs a moment more to end. */
const drainMarginMs = 2_000;

/** All that `nginx -s reload` must read to find the pid file, instead of the whole configuration. */
const signalConf = (pidPath: string): string => `pid "${pidPath}";\nevents {}\n`;

/** Makes the supervisor of one nginx. */
export const createSupervisor = (shop: Workshop, report: Report, events: SupervisorEvents): Supervisor => {
  const { config, paths, stop, log } = shop;
  let master: NginxMaster | null = null;
  let deathsMs: readonly number[] = [];
  let failedStarts = 0;
  let hopeless: ProgramError | null = null;
  /** Resolves when what a dead master left is ended. */
  let swept: Promise<unknown> = Promise.resolve();

  const countDeath = (how: string): void => {
    deathsMs = recordDeath(deathsMs, performance.now());
    if (isHopeless(deathsMs)) hopeless = new ProgramError(`nginx died ${deathsMs.length} times in 60 s (last: ${how})`);
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

  const startAgainLater = (revision: string, message: string): void => {
    failedStarts += 1;
    const retryInMs = retryDelayMs(failedStarts);
    report.notStarted(revision, message, retryInMs);
    events.down(performance.now() + retryInMs);
  };

  const start = async (): Promise<void> => {
    await swept;
    if (hopeless !== null) throw hopeless;
    const revision = await linkedRevision(paths.live);
    if (revision === null) return events.down(null);
    const { complaint } = await testRelease(shop, paths.live, revision);
    if (stop.aborted) return;
    if (complaint !== null) return startAgainLater(revision, complaint.message);
    const started = await startLive(shop, revision);
    switch (started.kind) {
      case "stopped":
        return;
      case "serving":
        report.started(revision, started.firstMs);
        return adopt(started.master, revision);
      case "silent":
      case "refused":
        return startAgainLater(revision, started.complaint.message);
      case "died":
        countDeath(started.complaint.message);
        report.notStarted(revision, started.complaint.message, 0);
        return events.down(performance.now());
    }
  };

  const stopNginx = async (): Promise<void> => {
    await swept;
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
      const ended = await endLeftovers(paths);
      if (ended > 0) log.warn({ processes: ended }, "ended the nginx that an earlier run left");
      await writeFileAtomic(paths.signal, signalConf(paths.pid));
      await start();
    },
    start,
    adopt,
    stop: stopNginx,
  };
};
