import { hostname } from "node:os";
import { resolve } from "node:path";
import { type Environment, type Parsed, readSettings } from "../settings/environment.ts";
import { type ListenAddress, parseListenAddress } from "../settings/listen.ts";
import { type LogLevel, parseLogLevel } from "../settings/log-level.ts";
import { type RoutingSettings, readRoutingSettings } from "../settings/routing.ts";

/** The settings of the generator. */
export interface GeneratorConfig {
  readonly environment: Environment;
  readonly routing: RoutingSettings;
  /** Where `default.conf` is written. */
  readonly configDir: string;
  /** Where the reloader's `status.json` lies. */
  readonly runDir: string;
  readonly listen: ListenAddress;
  /** Changes that come within so long of each other are published together. */
  readonly quietMs: number;
  /** The longest that a change may wait for others. */
  readonly maxWaitMs: number;
  /** How often what is watched is also compared, since a watch can go deaf without an error. */
  readonly compareIntervalMs: number;
  /** How long Services stay routed when a list lacks most of them, until a second list confirms it; 0: not at all. */
  readonly massDeleteHoldMs: number;
  /** A watch on which nothing arrives for so long is taken for dead. */
  readonly watchIdleMs: number;
  /** Whether each Service's owner is told by Events what became of it. */
  readonly isPostingEvents: boolean;
  /** Who posts them: in a Pod, its name. */
  readonly instance: string;
  readonly logLevel: LogLevel;
}

// `reportingInstance` of events.k8s.io/v1 holds no more.
const parseInstance = (raw: string): Parsed<string> =>
  /^[!-~]{1,128}$/.test(raw)
    ? { ok: true, value: raw }
    : { ok: false, expected: "a name of at most 128 visible ASCII characters" };

/**
 * Reads the settings of the generator.
 *
 * @throws SettingsError naming every bad one
 */
export const readConfig = (
  environment: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
): GeneratorConfig =>
  readSettings(
    environment,
    (reader) => ({
      environment,
      routing: readRoutingSettings(reader),
      configDir: reader.text("CONFIG_DIR", "/etc/nginx/conf.d"),
      runDir: resolve(reader.text("RUN_DIR", "/run/hotroute")),
      listen: reader.parsed("GENERATOR_LISTEN", { host: null, port: 9101 }, parseListenAddress),
      quietMs: reader.integer("QUIET_MS", 20, { min: 0, max: 60_000 }),
      maxWaitMs: reader.integer("MAX_WAIT_MS", 200, { min: 0, max: 600_000 }),
      compareIntervalMs: reader.integer("COMPARE_INTERVAL_MS", 5000, { min: 50, max: 3_600_000 }),
      massDeleteHoldMs: reader.integer("MASS_DELETE_HOLD_MS", 30_000, { min: 0, max: 3_600_000 }),
      watchIdleMs: reader.integer("WATCH_IDLE_MS", 90_000, { min: 1000, max: 3_600_000 }),
      isPostingEvents: reader.boolean("EVENTS", true),
      instance: reader.parsed("HOSTNAME", hostname(), parseInstance),
      logLevel: reader.parsed("LOG_LEVEL", "info", parseLogLevel),
    }),
    args,
  );
