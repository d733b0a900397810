import { access } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../files/atomic-write.ts";
import { formatServiceList, type ServiceList, serviceListName } from "../routes/service-list.ts";

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
export const keepServiceList = async (configDir: string, list: ServiceList): Promise<void> => {
  const path = join(configDir, serviceListName);
  if (await exists(path)) return;
  await writeFileAtomic(path, formatServiceList(list));
};
