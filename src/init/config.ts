import { type Environment, readSettings } from "../settings/environment.ts";
import { type LogLevel, parseLogLevel } from "../settings/log-level.ts";
import { type RoutingSettings, readRoutingSettings } from "../settings/routing.ts";

/** The settings of init. */
export interface InitConfig {
  readonly environment: Environment;
  readonly routing: RoutingSettings;
  /** Where `default.conf` is written. */
  readonly configDir: string;
  /** How long the API server may be away before init gives up. */
  readonly timeoutMs: number;
  readonly logLevel: LogLevel;
}

/**
 * Reads the settings of init.
 *
 * @throws SettingsError naming every bad one
 */
export const readConfig = (
  environment: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
): InitConfig =>
  readSettings(
    environment,
    (reader) => ({
      environment,
      routing: readRoutingSettings(reader),
      configDir: reader.text("CONFIG_DIR", "/etc/nginx/conf.d"),
      timeoutMs: reader.integer("INIT_TIMEOUT_MS", 60_000, { min: 1, max: 86_400_000 }),
      logLevel: reader.parsed("LOG_LEVEL", "info", parseLogLevel),
    }),
    args,
  );
