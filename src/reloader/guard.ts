import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasListener, type OwnParts, readListeners } from "./listeners.ts";
import { dumpConfiguration } from "./nginx-command.ts";
import type { Complaint } from "./nginx-message.ts";
import type { Candidate, Running, Workshop } from "./outcome.ts";
import { releaseConfDir } from "./releases.ts";
import { isConf } from "./revision.ts";

const ownOf = ({ paths }: Workshop, revision: string): OwnParts => ({
  socket: paths.socket,
  include: `${releaseConfDir(paths, revision)}/*.conf`,
});

/** What the release that is served listens on, for the message. */
const liveAddresses = async (shop: Workshop, revision: string): Promise<readonly string[]> => {
  const directory = releaseConfDir(shop.paths, revision);
  const names = await readdir(directory);
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return readListeners(texts, ownOf(shop, revision));
};

const listens = async (shop: Workshop, candidate: Candidate): Promise<boolean> => {
  const own = ownOf(shop, candidate.revision);
  const texts = candidate.files.filter(isConf).map((file) => file.bytes.toString("utf8"));
  const answer = hasListener([candidate.mainConf, ...texts], own);
  if (answer !== "elsewhere") return answer === "yes";
  // Only now is it worth a second run of nginx to see the files that it includes from elsewhere.
  const limits = { timeoutMs: shop.config.testTimeoutMs, stop: shop.stop };
  const dump = await dumpConfiguration(shop.nginx, shop.paths.candidate, limits);
  return dump.isOk && hasListener([dump.stdout], own) === "yes";
};

/**
 * Refuses a configuration without any listener for traffic: nginx -t passes it, and its reload is an outage.
 *
 * @returns null when there is a listener, or ALLOW_EMPTY says that none is wanted
 */
export const refuseClosing = async (
  shop: Workshop,
  candidate: Candidate,
  running: Running,
): Promise<Complaint | null> => {
  if (shop.config.allowEmpty) return null;
  if (await listens(shop, candidate)) return null;
  const what = candidate.files.some(isConf)
    ? `the files in ${shop.config.configDir} have no server that listens`
    : `there is no *.conf file in ${shop.config.configDir}`;
  const before = running.kind === "serving" ? await liveAddresses(shop, running.live) : [];
  const closes = before.length > 0 ? `: it would close ${before.slice(0, 20).join(", ")}` : "";
  return { message: `${what}${closes}; set ALLOW_EMPTY=true if that is meant`, at: null };
};
