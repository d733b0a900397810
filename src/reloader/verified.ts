import { rm } from "node:fs/promises";
import type { Workshop } from "./outcome.ts";
import { isOutside } from "./outside.ts";
import { linkedRevision, pointLink } from "./releases.ts";

/**
 * Notes that nginx was seen to serve a release: every later start of nginx begins with it. That it cannot be noted (no
 * room for a link) stops nothing: a start would begin with the release before, and each comparison tries again.
 */
export const markVerified = async ({ paths, log }: Workshop, revision: string): Promise<void> => {
  try {
    if ((await linkedRevision(paths.verified)) !== revision) await pointLink(paths, paths.verified, revision);
  } catch (error) {
    if (!isOutside(error)) throw error;
    log.warn({ err: error, path: paths.verified }, "link not moved: a restart would begin with the release before");
  }
};

/** What nginx can be started from. */
export interface StartPoint {
  /** The last release that nginx was seen to serve; null when there is none. */
  readonly verified: string | null;
  /** Another one that live.conf named: it was promoted, and nobody lived to see whether nginx serves it. */
  readonly interrupted: string | null;
}

/**
 * Makes live.conf name the last verified release, since what was promoted and not verified may be what ended nginx.
 *
 * @throws the file system's error; then live.conf stands as it was
 */
export const restoreVerified = async ({ paths }: Workshop): Promise<StartPoint> => {
  const [verified, live] = await Promise.all([linkedRevision(paths.verified), linkedRevision(paths.live)]);
  if (live === verified) return { verified, interrupted: null };
  if (verified === null) await rm(paths.live, { force: true });
  else await pointLink(paths, paths.live, verified);
  return { verified, interrupted: live };
};
