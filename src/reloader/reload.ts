import { explainUnverified } from "./cold-start.ts";
import type { ReloaderConfig } from "./config.ts";
import { type CommandResult, signalReload } from "./nginx-command.ts";
import { claimPidFile, clearReasons, type NginxMaster, readReasons, writeSignalConf } from "./nginx-master.ts";
import { isFinalRefusal } from "./nginx-message.ts";
import { type Candidate, noTimes, type Outcome, type Workshop } from "./outcome.ts";
import { isOutside } from "./outside.ts";
import { pointLink } from "./releases.ts";
import { markVerified } from "./verified.ts";
import { acceptingWorkers, servedRevision, waitFirst, waitSettled } from "./verify.ts";

/** Points live.conf back, and makes nginx serve what it points to. */
export const goBack = async (shop: Workshop, master: NginxMaster, previous: string): Promise<void> => {
  const { config, paths, nginx, stop } = shop;
  shop.enter("returning");
  await pointLink(paths, paths.live, previous);
  if (master.ended() !== null || stop.aborted) return;
  // A slow master may have taken the candidate up, or may yet: what it serves is the truth.
  if ((await servedRevision(paths.socket, 1000)) === previous) return;
  const older = await acceptingWorkers(master.pid);
  await claimPidFile(paths, master);
  await signalReload(nginx, paths.signal, { timeoutMs: config.testTimeoutMs, stop });
  const isOver = (): boolean => master.ended() !== null || stop.aborted;
  const firstMs = await waitFirst(paths.socket, previous, config.verifyTimeoutMs, isOver);
  if (firstMs !== null) await waitSettled(master.pid, older, config.verifyTimeoutMs, isOver);
  shop.log.warn({ revision: previous, verified: firstMs !== null }, "went back to the last verified revision");
};

/** A link that cannot be moved now is corrected by a comparison, and by each start of nginx. */
const goBackOrLog = async (shop: Workshop, master: NginxMaster, previous: string): Promise<void> => {
  try {
    await goBack(shop, master, previous);
  } catch (error) {
    if (!isOutside(error)) throw error;
    shop.log.warn({ err: error }, "live.conf cannot be pointed back; tried again with the next comparison");
  }
};

/** Makes sure that the signal will reach our master, and that what nginx then says is of this load. */
const prepareSignal = async ({ paths, log }: Workshop, master: NginxMaster): Promise<void> => {
  const [pidFile] = await Promise.all([claimPidFile(paths, master), clearReasons(paths), writeSignalConf(paths)]);
  if (pidFile === "corrected") {
    log.warn({ path: paths.pid, pid: master.pid }, "pid file did not name nginx: corrected");
  }
};

const whyUnverified = (
  config: ReloaderConfig,
  signal: CommandResult,
  ended: string | null,
  firstMs: number | null,
): string => {
  if (!signal.isOk) return `nginx -s reload failed: ${signal.stderr.trim()}`;
  if (ended !== null) return `nginx ended while it loaded the configuration (${ended})`;
  if (firstMs !== null) return `older workers still accept connections after ${config.verifyTimeoutMs} ms`;
  return `nginx did not answer with the new revision within ${config.verifyTimeoutMs} ms`;
};

/**
 * Promotes a tested candidate, signals nginx, and waits until it is seen to serve it; else goes back.
 *
 * @throws the file system's error (ENOSPC …); nginx was not signalled then
 */
export const reload = async (
  shop: Workshop,
  candidate: Candidate,
  testedMs: number,
  running: { readonly master: NginxMaster; readonly live: string },
): Promise<Outcome> => {
  const { config, paths, nginx, stop, log } = shop;
  const { master, live } = running;
  shop.enter("promoting");
  if (master.ended() !== null) {
    const complaint = { message: "nginx ended before it was told to reload", at: null };
    return { kind: "failed", times: { ...noTimes, testedMs }, complaint };
  }
  const [older] = await Promise.all([acceptingWorkers(master.pid), prepareSignal(shop, master)]);
  await pointLink(paths, paths.live, candidate.revision);
  shop.enter("verifying");
  const signalledMs = performance.now();
  const isDown = (): boolean => master.ended() !== null || stop.aborted;
  const isOver = async (): Promise<boolean> => isDown() || isFinalRefusal(await readReasons(paths));
  const signal = await signalReload(nginx, paths.signal, { timeoutMs: config.testTimeoutMs, stop });
  const first = signal.isOk ? await waitFirst(paths.socket, candidate.revision, config.verifyTimeoutMs, isOver) : null;
  const firstMs = first === null ? null : performance.now() - signalledMs;
  if (firstMs !== null) log.debug({ revision: candidate.revision, firstMs }, "first");
  const settled = firstMs === null ? null : await waitSettled(master.pid, older, config.verifyTimeoutMs, isDown);
  if (settled !== null) {
    const times = { testedMs, firstMs, settledMs: performance.now() - signalledMs };
    await markVerified(shop, candidate.revision);
    return { kind: "applied", times, master, retired: older };
  }
  await goBackOrLog(shop, master, live);
  if (stop.aborted) return { kind: "stopped" };
  const ended = master.ended();
  const otherwise = whyUnverified(config, signal, ended, firstMs);
  const complaint = await explainUnverified(shop, candidate.revision, otherwise);
  const times = { testedMs, firstMs, settledMs: null };
  return { kind: "unverified", times, complaint, cost: ended === null ? "nothing" : "outage" };
};
