import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { removeStaleTemporaries } from "../../files/atomic-write.ts";
import { type BackgroundWriter, createBackgroundWriter } from "../../files/background-writer.ts";
import { systemClock } from "../../kube/clock.ts";
import type { Logger } from "../../ops/log.ts";
import { describeError } from "../../ops/program.ts";
import { formatServiceList, parseServiceList, type ServiceList, serviceListName } from "../../routes/service-list.ts";
import { formatHolds, parseHolds } from "./hold-file.ts";
import { traceLine } from "./ingredients.ts";
import { createQuarantine, type Published, type Quarantine, type QuarantineOptions } from "./quarantine.ts";

export interface OpenQuarantineOptions
  extends Pick<QuarantineOptions, "metrics" | "log" | "onChange" | "onRefused" | "onTemplateRefused" | "recentNginx"> {
  readonly configDir: string;
  /** The configuration's base name. */
  readonly fileName: string;
}

/** The running quarantine. */
export interface OpenQuarantine extends Omit<Quarantine, "stop"> {
  /** Resolves when what is held is written down. */
  stop(): Promise<void>;
}

/** Hidden, so that it is no part of what the reloader serves. */
const holdsName = ".quarantine.json";

const createWriter = (path: string, log: Logger): BackgroundWriter =>
  createBackgroundWriter(path, (error) => {
    // What it says is known as long as this process lives.
    if (error !== null)
      log.warn({ path, reason: describeError(error) }, "could not write down what a restart would need");
  });

/** Empty where there is none. */
const readKept = async (path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
};

// A list of all Services is not written for each of a thousand changes.
const servedDelayMs = 5000;

/** Its Services are not read where they are those that the same configuration was made of just now. */
const readEarlier = (text: string, { hash, ingredients }: Published): ServiceList | null => {
  const head = parseServiceList(text.slice(0, text.indexOf("\n") + 1));
  return head?.hash === hash ? { ...head, services: ingredients.services } : parseServiceList(text);
};

/** Takes up the holds of an earlier process, and writes them down as they change. */
export const openQuarantine = async (options: OpenQuarantineOptions): Promise<OpenQuarantine> => {
  const { configDir, fileName, metrics, log } = options;
  const holdPath = join(configDir, holdsName);
  const listPath = join(configDir, serviceListName);
  await Promise.all([removeStaleTemporaries(holdPath), removeStaleTemporaries(listPath)]);
  const holdWriter = createWriter(holdPath, log);
  const listWriter = createWriter(listPath, log);
  let served: ServiceList | null = null;
  let keptList = await readKept(listPath);
  let servedTimer: NodeJS.Timeout | null = null;
  const writeServed = (): void => {
    servedTimer = null;
    const list = served;
    if (list !== null) listWriter.write(() => formatServiceList(list));
  };
  const quarantine = createQuarantine({
    file: fileName,
    trace: traceLine,
    kept: parseHolds(await readKept(holdPath)),
    earlier: (first) => {
      const list = readEarlier(keptList, first);
      keptList = "";
      return list;
    },
    clock: systemClock,
    metrics,
    log,
    onChange: options.onChange,
    onRefused: options.onRefused,
    onTemplateRefused: options.onTemplateRefused,
    recentNginx: options.recentNginx,
    onKept: (holds) => holdWriter.write(() => formatHolds(holds)),
    onServed: (hash, services) => {
      served = { hash, isServed: true, services };
      servedTimer ??= setTimeout(writeServed, servedDelayMs);
    },
  });
  return {
    sift: quarantine.sift,
    published: quarantine.published,
    observe: quarantine.observe,
    stop: async () => {
      quarantine.stop();
      if (servedTimer !== null) {
        clearTimeout(servedTimer);
        writeServed();
      }
      await Promise.all([holdWriter.flush(), listWriter.flush()]);
    },
  };
};
