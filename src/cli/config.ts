import { type Environment, readSettings, SettingsError } from "../settings/environment.ts";
import { type RoutingSettings, readRoutingSettings } from "../settings/routing.ts";
import { type Command, parseCommand } from "./arguments.ts";
import { type LabelTest, parseLabelSelector } from "./label-selector.ts";

/** The settings of the cluster, as far as they decide the configuration. */
export interface CliConfig {
  readonly routing: RoutingSettings;
  /** The API server's part, done here. */
  readonly isSelected: LabelTest;
  readonly nginxBin: string;
  /** For nginx: with the places where it is when a user's PATH lacks them. */
  readonly environment: Environment;
}

/** What was typed. */
export const readCommand = (args: readonly string[] = process.argv.slice(2)): Command => parseCommand(args);

/**
 * Reads the settings.
 *
 * @throws SettingsError naming every bad one
 */
export const readConfig = (environment: Environment = process.env): CliConfig => {
  const { routing, nginxBin } = readSettings(environment, (reader) => ({
    routing: readRoutingSettings(reader),
    nginxBin: reader.text("NGINX_BIN", "nginx"),
  }));
  const isSelected = parseLabelSelector(routing.serviceSelector);
  if (isSelected === null) {
    const expected = "a label selector (hotroute.io/expose=true,tier in (web,api))";
    throw new SettingsError([{ name: "SERVICE_SELECTOR", value: routing.serviceSelector, expected }]);
  }
  const path = [environment.PATH ?? "", "/usr/sbin", "/usr/local/sbin"].filter((part) => part !== "").join(":");
  return { routing, isSelected, nginxBin, environment: { ...environment, PATH: path } };
};
