import type { Api } from "../api.ts";
import type { WatchTimes } from "../watch.ts";

/** What the handlers need beside the API itself. */
export interface Serving {
  readonly api: Api;
  readonly times: WatchTimes;
  /** Larger bodies are answered with 413. */
  readonly maxBodyBytes: number;
  /** What may wait to be sent to one watcher. */
  readonly watchBacklogBytes: number;
  /** The ends of all open watches. */
  readonly watches: Set<() => void>;
}
