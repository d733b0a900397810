import type { ConfigurationOptions } from "../../nginx/configuration.ts";
import type { Logger } from "../../ops/log.ts";

/** Finds out whether nginx takes what is only written for a recent one, and does without it where it does not. */
export interface RecentNginx {
  /** What the next configuration is made with. */
  options(): ConfigurationOptions;
  /**
   * Takes what nginx said of a configuration that it refused.
   *
   * @returns whether no Service is to be blamed for now: the next configuration is made with other options, or is on its way
   */
  refused(made: ConfigurationOptions, message: string): boolean;
  /** Takes that nginx serves a configuration. */
  accepted(made: ConfigurationOptions): void;
}

/**
 * What nginx says of a configuration for a later one, and of sizes that an nginx.conf of one's own has set, or a `map` in it.
 * Source: ngx_http_variables.c, ngx_conf_file.c.
 */
const wordsOfRefusal =
  /unknown "request_port" variable|unknown directive "(?:least_conn|sticky)"|"map_hash_\w+" directive is duplicate/;

/** Whether these words are about what is only written for a recent one, in whichever file. */
export const isOfRecent = (made: ConfigurationOptions, message: string): boolean =>
  made.isRecentNginx && wordsOfRefusal.test(message);

/**
 * - `untried`: nginx has taken nothing of it yet
 * - `suspected`: the first configuration with it was refused, the same without it is on its way
 * - `cleared`: nginx has taken it, or has refused the other one too
 * - `out`: not used any more
 */
type State = "untried" | "suspected" | "cleared" | "out";

/** @param first what is used as long as nothing is found against it */
export const createRecentNginx = (first: ConfigurationOptions, log: Logger): RecentNginx => {
  const without: ConfigurationOptions = { ...first, isRecentNginx: false };
  let state: State = first.isRecentNginx ? "untried" : "out";
  let reason = "";
  const rule = (): void => {
    state = "out";
    log.warn({ reason }, "nginx refuses what NGINX_VERSION lets it be given: the configuration does without it");
  };
  return {
    options: () => (state === "untried" || state === "cleared" ? first : without),
    refused: (made, message) => {
      if (!made.isRecentNginx) {
        if (state !== "suspected") return false;
        state = "cleared";
        return true;
      }
      // One that was on its way already.
      if (state === "suspected" || state === "out") return true;
      reason = message;
      if (isOfRecent(made, message)) rule();
      else if (state === "untried") state = "suspected";
      else return false;
      return true;
    },
    accepted: (made) => {
      if (made.isRecentNginx && state === "untried") state = "cleared";
      else if (!made.isRecentNginx && state === "suspected") rule();
    },
  };
};
