import { createHash } from "node:crypto";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../files/atomic-write.ts";
import type { ServiceRecord } from "../routes/service.ts";
import { formatServiceList, serviceListName } from "../routes/service-list.ts";

const exists = async (path: string): Promise<boolean> => {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
};

/**
 * Writes down what the configuration was made of, for the generator that takes over. A list that is there already came of
 * a generator in the same Pod: that one was served.
 *
 * @throws the file system's error
 */
export const keepServiceList = async (
  configDir: string,
  text: string,
  services: readonly ServiceRecord[],
): Promise<void> => {
  const path = join(configDir, serviceListName);
  if (await exists(path)) return;
  const hash = createHash("sha256").update(text).digest("hex");
  await writeFileAtomic(path, formatServiceList({ hash, isServed: false, services }));
};
