import type { RefusedBy } from "../contract/status.ts";
import type { Logger } from "../ops/log.ts";
import type { AttemptCost } from "./backoff.ts";
import type { ReloaderConfig } from "./config.ts";
import type { NginxBinary } from "./nginx-binary.ts";
import type { NginxMaster } from "./nginx-master.ts";
import type { Complaint } from "./nginx-message.ts";
import type { State } from "./plan.ts";
import type { NginxChild } from "./processes.ts";
import type { ConfigFile } from "./revision.ts";
import type { RunPaths } from "./run-paths.ts";

/** What an attempt works with. */
export interface Workshop {
  readonly config: ReloaderConfig;
  readonly nginx: NginxBinary;
  readonly paths: RunPaths;
  readonly log: Logger;
  readonly stop: AbortSignal;
  /** Shows what is being done, to metrics and probes; it decides nothing. */
  readonly enter: (state: State) => void;
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
  | {
      readonly kind: "applied";
      readonly times: PhaseTimes;
      readonly master: NginxMaster;
      /** The workers of the generation before, which may still serve their last connections. */
      readonly retired: readonly NginxChild[];
    }
  | {
      readonly kind: "rejected";
      readonly times: PhaseTimes;
      readonly complaint: Complaint;
      readonly refusedBy: RefusedBy;
    }
  | {
      readonly kind: "unverified";
      readonly times: PhaseTimes;
      readonly complaint: Complaint;
      /** `outage`: nginx, which served the live revision, ended while it loaded this one. */
      readonly cost: AttemptCost;
    }
  | { readonly kind: "failed"; readonly times: PhaseTimes; readonly complaint: Complaint }
  | { readonly kind: "stopped" };

/** Before any phase was reached. */
export const noTimes: PhaseTimes = { testedMs: null, firstMs: null, settledMs: null };

/** Where nginx is when an attempt begins: serving a revision, or down with the one to start from, if any. */
export type Running =
  | { readonly kind: "serving"; readonly master: NginxMaster; readonly live: string }
  | { readonly kind: "down"; readonly previous: string | null };
