import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild } from "./children.ts";
import { type Core, onCore } from "./pinning.ts";

/** The bundled reloader and its nginx on one file, without a generator. */
export interface ReloaderAlone {
  readonly pid: number;
  masterPid(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it in an empty folder of its own. @param dist the folder of the bundles */
export const startReloader = async (
  folder: string,
  dist: string,
  options: { readonly nginxPath: string; readonly workers: number; readonly defaultConf: string; readonly core: Core },
): Promise<ReloaderAlone> => {
  const [configDir, runDir] = [join(folder, "conf.d"), join(folder, "run")];
  await mkdir(configDir, { recursive: true });
  await mkdir(runDir, { recursive: true });
  await writeFile(join(configDir, "default.conf"), options.defaultConf);
  const child = await startChild(onCore(options.core, [process.execPath, join(dist, "reloader.cjs")]), {
    env: {
      PATH: process.env.PATH,
      CONFIG_DIR: configDir,
      RUN_DIR: runDir,
      TMPDIR: folder,
      NGINX_BIN: options.nginxPath,
      WORKERS: String(options.workers),
      RELOADER_LISTEN: "127.0.0.1:0",
      LOG_LEVEL: "warn",
    },
  });
  return {
    pid: child.pid,
    masterPid: async () => Number(await readFile(join(runDir, "nginx.pid"), "utf8")),
    stop: child.stop,
  };
};
