import { resolve } from "node:path";
import { type Environment, readSettings } from "../settings/environment.ts";
import { type ListenAddress, parseListenAddress } from "../settings/listen.ts";
import { type LogLevel, parseLogLevel } from "../settings/log-level.ts";
import { type NginxTime, parseNginxPath, parseNginxTime, parseRunDir } from "./grammar.ts";

/** The reloader's settings, checked. Names, defaults and meaning are those of docs: the settings table. */
export interface ReloaderConfig {
  /** Absolute path of the directory whose `*.conf` is served. */
  readonly configDir: string;
  /** Absolute path of the directory for releases, links, socket, pid file and status. */
  readonly runDir: string;
  /** Absolute path under which the folder for nginx's temporary files is made. */
  readonly tempRoot: string;
  readonly listen: ListenAddress;
  /** A path, or a name that is looked up in `searchPath`. */
  readonly nginxBin: string;
  /** The directories of PATH. */
  readonly searchPath: readonly string[];
  readonly quietMs: number;
  readonly maxWaitMs: number;
  readonly reloadBurst: number;
  readonly reloadIntervalMs: number;
  readonly testTimeoutMs: number;
  readonly verifyTimeoutMs: number;
  readonly compareIntervalMs: number;
  readonly drainMemoryPercent: number;
  readonly drainWaitMs: number;
  /** Number of worker processes; null: by the cgroup's CPU limit. */
  readonly workers: number | null;
  readonly workerShutdownTimeout: NginxTime;
  readonly keepaliveMinTimeout: NginxTime;
  /** Absolute path of a Handlebars template for nginx.conf; null: the built-in one. */
  readonly mainTemplateFile: string | null;
  readonly allowEmpty: boolean;
  readonly logLevel: LogLevel;
}

const day = 86_400_000;
const listenDefault: ListenAddress = { host: null, port: 9102 };
const logLevelDefault: LogLevel = "info";

/**
 * Reads the reloader's settings.
 *
 * @throws SettingsError naming every bad setting
 */
export const readConfig = (
  environment: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
): ReloaderConfig =>
  readSettings(
    environment,
    (read) => {
      const ms = (name: string, fallback: number, min = 1): number => read.integer(name, fallback, { min, max: day });
      const mainTemplateFile = read.text("MAIN_TEMPLATE_FILE", null);
      return {
        configDir: read.parsed("CONFIG_DIR", "/etc/nginx/conf.d", parseNginxPath),
        runDir: read.parsed("RUN_DIR", "/run/hotroute", parseRunDir),
        tempRoot: read.parsed("TMPDIR", "/tmp", parseNginxPath),
        listen: read.parsed("RELOADER_LISTEN", listenDefault, parseListenAddress),
        nginxBin: read.text("NGINX_BIN", "nginx"),
        searchPath: read.text("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin").split(":"),
        quietMs: ms("QUIET_MS", 50, 0),
        maxWaitMs: ms("MAX_WAIT_MS", 500, 0),
        reloadBurst: read.integer("RELOAD_BURST", 3, { min: 1, max: 1000 }),
        reloadIntervalMs: ms("RELOAD_INTERVAL_MS", 1000),
        testTimeoutMs: ms("TEST_TIMEOUT_MS", 30_000),
        verifyTimeoutMs: ms("VERIFY_TIMEOUT_MS", 30_000),
        compareIntervalMs: ms("COMPARE_INTERVAL_MS", 5_000, 100),
        drainMemoryPercent: read.integer("DRAIN_MEMORY_PERCENT", 80, { min: 1, max: 100 }),
        drainWaitMs: ms("DRAIN_WAIT_MS", 30_000, 0),
        workers: read.parsed("WORKERS", null, (raw) => {
          const value = /^\d{1,3}$/.test(raw) ? Number(raw) : 0;
          return value >= 1 && value <= 512
            ? { ok: true, value }
            : { ok: false, expected: "a whole number from 1 to 512" };
        }),
        workerShutdownTimeout: read.parsed("WORKER_SHUTDOWN_TIMEOUT", { text: "60s", ms: 60_000 }, parseNginxTime(1)),
        keepaliveMinTimeout: read.parsed("KEEPALIVE_MIN_TIMEOUT", { text: "5s", ms: 5_000 }, parseNginxTime(0)),
        mainTemplateFile: mainTemplateFile === null ? null : resolve(mainTemplateFile),
        allowEmpty: read.boolean("ALLOW_EMPTY", false),
        logLevel: read.parsed("LOG_LEVEL", logLevelDefault, parseLogLevel),
      };
    },
    args,
  );
