import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { endGroup, endLeftovers, type NginxMaster, readReasons, startMaster } from "./nginx-master.ts";
import { type Complaint, readComplaint } from "./nginx-message.ts";
import { type Candidate, noTimes, type Outcome, type Workshop } from "./outcome.ts";
import { pointLink, releaseConfDir } from "./releases.ts";
import { markVerified } from "./verified.ts";
import { waitFirst } from "./verify.ts";

/** Why nginx did not come to serve a revision, in its own words where it left any. */
export const explainUnverified = async (
  { config, paths }: Workshop,
  revision: string,
  otherwise: string,
): Promise<Complaint> => {
  const reasons = await readReasons(paths);
  if (reasons === "") return { message: otherwise, at: null };
  return readComplaint(reasons, releaseConfDir(paths, revision), config.configDir);
};

/**
 * How a start ended.
 * - `serving`: it serves the revision
 * - `refused`: it ended by itself (a port is taken)
 * - `died`: it was killed
 * - `silent`: it ran, and did not serve the revision in time
 * - `stopped`: the program ends
 */
export type StartResult =
  | { readonly kind: "serving"; readonly master: NginxMaster; readonly firstMs: number }
  | { readonly kind: "died" | "refused" | "silent"; readonly complaint: Complaint }
  | { readonly kind: "stopped" };

/** Ends the nginx of an earlier run that was killed: it holds the ports. */
export const endEarlierRun = async ({ paths, log }: Workshop): Promise<void> => {
  const ended = await endLeftovers(paths);
  if (ended > 0) log.warn({ processes: ended }, "ended the nginx that an earlier run left");
};

/** Starts nginx from live.conf and waits until it serves the revision; what does not is ended again. */
export const startLive = async (shop: Workshop, revision: string): Promise<StartResult> => {
  const { config, paths, stop } = shop;
  // It may have written its pid file only after this program was started.
  await endEarlierRun(shop);
  const master = await startMaster(shop.nginx, paths);
  const isOver = (): boolean => master.ended() !== null || stop.aborted;
  const firstMs = await waitFirst(paths.socket, revision, config.verifyTimeoutMs, isOver);
  if (firstMs !== null) return { kind: "serving", master, firstMs };
  const how = master.ended();
  if (how === null) {
    master.signal("SIGTERM");
    await Promise.race([master.end, sleep(1_000)]);
    master.signal("SIGKILL");
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

/** Promotes a tested candidate while nginx is down, and takes that back when nginx does not come to serve it. */
export const coldStart = async (
  shop: Workshop,
  candidate: Candidate,
  testedMs: number,
  previous: string | null,
): Promise<Outcome> => {
  const { paths } = shop;
  shop.enter("promoting");
  await pointLink(paths, paths.live, candidate.revision);
  shop.enter("verifying");
  const started = await startLive(shop, candidate.revision);
  if (started.kind === "serving") {
    const { master, firstMs } = started;
    await markVerified(shop, candidate.revision);
    return { kind: "applied", times: { testedMs, firstMs, settledMs: firstMs }, master, retired: [] };
  }
  if (previous === null) await rm(paths.live, { force: true });
  else await pointLink(paths, paths.live, previous);
  if (started.kind === "stopped") return { kind: "stopped" };
  return { kind: "unverified", times: { ...noTimes, testedMs }, complaint: started.complaint, cost: "nothing" };
};
