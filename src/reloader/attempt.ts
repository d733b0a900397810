import { rm } from "node:fs/promises";
import type { Logger } from "../ops/log.ts";
import { describeError, ProgramError } from "../ops/program.ts";
import type { ReloaderConfig } from "./config.ts";
import { refuseClosing } from "./guard.ts";
import type { NginxBinary } from "./nginx-binary.ts";
import { signalReload, testConfiguration } from "./nginx-command.ts";
import { claimPidFile, clearReasons, endGroup, type NginxMaster, readReasons, startMaster } from "./nginx-master.ts";
import type { Complaint } from "./nginx-message.ts";
import { cutMessage, isFinalRefusal, readComplaint } from "./nginx-message.ts";
import { buildRelease, pointLink, releaseConfDir, touchRelease } from "./releases.ts";
import type { ConfigFile } from "./revision.ts";
import type { RunPaths } from "./run-paths.ts";
import { acceptingWorkers, servedRevision, waitFirst, waitSettled } from "./verify.ts";

/** What an attempt works with. */
export interface Workshop {
  readonly config: ReloaderConfig;
  readonly nginx: NginxBinary;
  readonly paths: RunPaths;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

/** A revision to be served: its files, and the nginx.conf that goes with them. */
export interface Candidate {
  readonly revision: string;
  readonly files: readonly ConfigFile[];
  readonly mainConf: string;
}

/** Milliseconds of each phase; null where it was not reached. `first` and `settled` count from the signal. */
export interface PhaseTimes {
  readonly testedMs: number | null;
  readonly firstMs: number | null;
  readonly settledMs: number | null;
}

/**
 * How an attempt ended.
 * - `applied`: nginx serves the revision, and no older worker accepts connections
 * - `rejected`: nginx (or the guard) refused it before the signal
 * - `unverified`: nginx was not seen to serve it in time
 * - `failed`: the reloader could not do its own part (a full volume, a process that cannot be started)
 * - `stopped`: the program ends
 */
export type Outcome =
  | { readonly kind: "applied"; readonly times: PhaseTimes; readonly master: NginxMaster }
  | { readonly kind: "rejected"; readonly times: PhaseTimes; readonly complaint: Complaint }
  | { readonly kind: "unverified"; readonly times: PhaseTimes; readonly complaint: Complaint }
  | { readonly kind: "failed"; readonly times: PhaseTimes; readonly complaint: Complaint }
  | { readonly kind: "stopped" };

const noTimes: PhaseTimes = { testedMs: null, firstMs: null, settledMs: null };

/** Tests a release through a link. */
export const testRelease = async (
  { config, nginx, paths, stop }: Workshop,
  link: string,
  revision: string,
): Promise<{ readonly testedMs: number; readonly complaint: Complaint | null }> => {
  const startMs = performance.now();
  const limits = { timeoutMs: config.testTimeoutMs, stop };
  const result = await testConfiguration(nginx, link, limits);
  const testedMs = performance.now() - startMs;
  if (result.isOk) return { testedMs, complaint: null };
  if (result.isTimeout) {
    const message = `nginx -t did not end within ${config.testTimeoutMs} ms: look for a name it cannot resolve, or raise TEST_TIMEOUT_MS`;
    return { testedMs, complaint: { message, at: null } };
  }
  return { testedMs, complaint: readComplaint(result.stderr, releaseConfDir(paths, revision), config.configDir) };
};

/** Why nginx did not come to serve a revision, in its own words where it left any. */
const explainUnverified = async (
  { config, paths }: Workshop,
  revision: string,
  otherwise: string,
): Promise<Complaint> => {
  const reasons = await readReasons(paths);
  if (reasons === "") return { message: otherwise, at: null };
  return readComplaint(reasons, releaseConfDir(paths, revision), config.configDir);
};

/**
 * Starts nginx from live.conf and waits until it serves the revision; what does not is ended again.
 *
 * @returns `refused`: it ended by itself (a port is taken); `died`: it was killed; `silent`: it runs, and does not serve
 */
export const startLive = async (
  shop: Workshop,
  revision: string,
): Promise<
  | { readonly kind: "serving"; readonly master: NginxMaster; readonly firstMs: number }
  | { readonly kind: "died" | "refused" | "silent"; readonly complaint: Complaint }
  | { readonly kind: "stopped" }
> => {
  const { config, paths, stop } = shop;
  const master = await startMaster(shop.nginx, paths);
  const isOver = (): boolean => master.ended() !== null || stop.aborted;
  const firstMs = await waitFirst(paths.socket, revision, config.verifyTimeoutMs, isOver);
  if (firstMs !== null) return { kind: "serving", master, firstMs };
  const how = master.ended();
  if (how === null) {
    master.signal("SIGTERM");
    await Promise.race([master.end, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
  }
  await endGroup(master.pid);
  if (stop.aborted) return { kind: "stopped" };
  const otherwise =
    how === null
      ? `nginx started, but did not answer with the revision within ${config.verifyTimeoutMs} ms`
      : `nginx ended when it was started (${how})`;
  const complaint = await explainUnverified(shop, revision, otherwise);
  if (how === null) return { kind: "silent", complaint };
  return { kind: how.startsWith("SIG") ? "died" : "refused", complaint };
};

/** Points live.conf back, and makes nginx serve what it points to. */
export const goBack = async (shop: Workshop, master: NginxMaster, previous: string): Promise<void> => {
  const { config, paths, nginx, stop } = shop;
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
  shop.log.warn({ revision: previous, verified: firstMs !== null }, "went back to the last revision");
};

const reload = async (
  shop: Workshop,
  candidate: Candidate,
  testedMs: number,
  running: { readonly master: NginxMaster; readonly live: string },
): Promise<Outcome> => {
  const { config, paths, nginx, stop, log } = shop;
  const { master, live } = running;
  await clearReasons(paths);
  const older = await acceptingWorkers(master.pid);
  if ((await claimPidFile(paths, master)) === "corrected") {
    log.warn({ path: paths.pid, pid: master.pid }, "pid file did not name nginx: corrected");
  }
  await pointLink(paths, paths.live, candidate.revision);
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
    return { kind: "applied", times, master };
  }
  await goBack(shop, master, live);
  if (stop.aborted) return { kind: "stopped" };
  const times = { testedMs, firstMs, settledMs: null };
  const ended = master.ended();
  const otherwise = !signal.isOk
    ? `nginx -s reload failed: ${signal.stderr.trim()}`
    : ended !== null
      ? `nginx ended while it loaded the configuration (${ended})`
      : firstMs === null
        ? `nginx did not answer with the new revision within ${config.verifyTimeoutMs} ms`
        : `older workers still accept connections after ${config.verifyTimeoutMs} ms`;
  return { kind: "unverified", times, complaint: await explainUnverified(shop, candidate.revision, otherwise) };
};

const coldStart = async (
  shop: Workshop,
  candidate: Candidate,
  testedMs: number,
  previous: string | null,
): Promise<Outcome> => {
  const { paths } = shop;
  await pointLink(paths, paths.live, candidate.revision);
  const started = await startLive(shop, candidate.revision);
  if (started.kind === "serving") {
    const { master, firstMs } = started;
    return { kind: "applied", times: { testedMs, firstMs, settledMs: firstMs }, master };
  }
  if (previous === null) await rm(paths.live, { force: true });
  else await pointLink(paths, paths.live, previous);
  if (started.kind === "stopped") return { kind: "stopped" };
  return { kind: "unverified", times: { ...noTimes, testedMs }, complaint: started.complaint };
};

/** Where nginx is when an attempt begins: serving a revision, or down with the one to start from, if any. */
export type Running =
  | { readonly kind: "serving"; readonly master: NginxMaster; readonly live: string }
  | { readonly kind: "down"; readonly previous: string | null };

const attemptSteps = async (shop: Workshop, candidate: Candidate, running: Running): Promise<Outcome> => {
  const { paths, stop } = shop;
  await buildRelease(paths, candidate.revision, candidate.files, candidate.mainConf);
  await pointLink(paths, paths.candidate, candidate.revision);
  const [test, refusal] = await Promise.all([
    testRelease(shop, paths.candidate, candidate.revision),
    refuseClosing(shop, candidate, running),
  ]);
  if (stop.aborted) return { kind: "stopped" };
  const complaint = test.complaint ?? refusal;
  if (complaint !== null) return { kind: "rejected", times: { ...noTimes, testedMs: test.testedMs }, complaint };
  await touchRelease(paths, candidate.revision);
  switch (running.kind) {
    case "serving":
      return reload(shop, candidate, test.testedMs, running);
    case "down":
      return coldStart(shop, candidate, test.testedMs, running.previous);
  }
};

/** Tests, promotes and verifies a candidate. What the file system or the kernel refuses is an outcome, not an error. */
export const attempt = async (shop: Workshop, candidate: Candidate, running: Running): Promise<Outcome> => {
  try {
    return await attemptSteps(shop, candidate, running);
  } catch (error) {
    if (!(error instanceof ProgramError) && !(error instanceof Error && "syscall" in error)) throw error;
    return { kind: "failed", times: noTimes, complaint: { message: cutMessage(describeError(error)), at: null } };
  }
};
