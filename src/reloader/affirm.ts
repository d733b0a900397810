import { goBack, type Workshop } from "./attempt.ts";
import type { NginxMaster } from "./nginx-master.ts";
import { linkedRevision, pointLink } from "./releases.ts";
import { servedRevision } from "./verify.ts";

/**
 * What nginx was found to serve between two changes.
 * - `agrees`: the live revision
 * - `late`: the wanted one, which it took up after its deadline; live.conf names it now
 * - `reverted`: another one; it was told to load the live one again
 * - `silent`: it does not answer
 */
export type Affirmation = "agrees" | "late" | "reverted" | "silent";

const askTimeoutMs = 2_000;

/** Some answers in a row, so that a single old worker is not taken for all. */
const servedByAll = async (socketPath: string): Promise<string | null> => {
  let served: string | null = null;
  for (let count = 0; count < 3; count += 1) {
    const answer = await servedRevision(socketPath, askTimeoutMs);
    if (answer === null || (served !== null && answer !== served)) return null;
    served = answer;
  }
  return served;
};

/**
 * Compares what nginx serves with what is held to be live: a slow master may have taken a revision up after its
 * deadline, or someone may have signalled it.
 */
export const affirm = async (
  shop: Workshop,
  master: NginxMaster,
  live: string,
  wanted: string | null,
): Promise<Affirmation> => {
  const { paths, log } = shop;
  const served = await servedByAll(paths.socket);
  if (served === null) return "silent";
  if (served === wanted && served !== live) {
    await pointLink(paths, paths.live, served);
    return "late";
  }
  if (served === live) {
    if ((await linkedRevision(paths.live)) !== live) await pointLink(paths, paths.live, live);
    return "agrees";
  }
  log.warn({ served, live }, "nginx serves another revision than the live one");
  await goBack(shop, master, live);
  return "reverted";
};
