import type { NginxMaster } from "./nginx-master.ts";
import type { Workshop } from "./outcome.ts";
import { linkedRevision, pointLink } from "./releases.ts";
import { goBack } from "./reload.ts";
import { markVerified } from "./verified.ts";
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

/** Another revision must be the answer three times in a row: nginx may just be changing its workers. */
const servedSteadily = async (socketPath: string, live: string): Promise<string | null> => {
  let served = await servedRevision(socketPath, askTimeoutMs);
  for (let count = 1; count < 3 && served !== null && served !== live; count += 1) {
    const again = await servedRevision(socketPath, askTimeoutMs);
    if (again !== served) served = again === null ? null : live;
  }
  return served;
};

/**
 * Compares what nginx serves with what is held to be live: a slow master may have taken a revision up after its
 * deadline, or someone may have signalled it.
 *
 * @throws the file system's error when live.conf cannot be corrected
 */
export const affirm = async (
  shop: Workshop,
  master: NginxMaster,
  live: string,
  wanted: string | null,
): Promise<Affirmation> => {
  const { paths, log } = shop;
  const served = await servedSteadily(paths.socket, live);
  if (served === null) return "silent";
  if (served === wanted && served !== live) {
    await pointLink(paths, paths.live, served);
    await markVerified(shop, served);
    return "late";
  }
  if (served === live) {
    if ((await linkedRevision(paths.live)) !== live) await pointLink(paths, paths.live, live);
    await markVerified(shop, live);
    return "agrees";
  }
  log.warn({ served, live }, "nginx serves another revision than the live one");
  await goBack(shop, master, live);
  return "reverted";
};
