import type { Logger } from "../ops/log.ts";
import type { HostPolicy } from "../routes/host-policy.ts";
import { type HostPolicyFile, readHostPolicy } from "../settings/host-policy.ts";
import type { GeneratorMetrics } from "./metrics.ts";
import { watchFile } from "./watched-file.ts";

/** The host policy as its file last said it well. */
export interface HostPolicyWatch {
  /** Null: there is none, every namespace may claim every host. */
  readonly policy: HostPolicy | null;
  close(): Promise<void>;
}

export interface HostPolicyWatchOptions {
  /** As read at the start; null: nothing to watch. */
  readonly file: HostPolicyFile | null;
  readonly compareIntervalMs: number;
  readonly metrics: Pick<GeneratorMetrics, "hostPolicyLastReloadSuccessful">;
  readonly log: Logger;
  /** Told after another policy has been taken. */
  readonly onChange: () => void;
}

const follow = (first: HostPolicyFile, options: HostPolicyWatchOptions): HostPolicyWatch => {
  const { compareIntervalMs, metrics, log, onChange } = options;
  let file = first;
  let badReason: string | null = null;
  const { path } = first;

  const take = (): void => {
    const reading = readHostPolicy(path, file);
    metrics.hostPolicyLastReloadSuccessful.set(reading.ok ? 1 : 0);
    if (!reading.ok) {
      const { reason } = reading;
      if (reason !== badReason) log.warn({ path, reason }, "the host policy is bad, the last good one stands");
      badReason = reason;
      return;
    }
    if (reading.file !== file) {
      file = reading.file;
      log.info({ path, namespaces: file.policy.namespaces.size }, "the host policy has changed");
      onChange();
    } else if (badReason !== null) {
      log.info({ path }, "the host policy is the last good one again");
    }
    badReason = null;
  };
  const watch = watchFile(path, compareIntervalMs, take);
  return {
    get policy() {
      return file.policy;
    },
    close: watch.close,
  };
};

/**
 * Watches the host policy, and compares its content now and then, since a watch can go deaf without an error. A version
 * that is bad or missing is said once, and the last good one stands.
 */
export const watchHostPolicy = (options: HostPolicyWatchOptions): HostPolicyWatch =>
  options.file === null ? { policy: null, close: async () => {} } : follow(options.file, options);
