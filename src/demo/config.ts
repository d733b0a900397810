import { delimiter, dirname, join, resolve } from "node:path";
import { type Environment, readSettings } from "../settings/environment.ts";

/** A program of the Pod. */
export type PodProgram = "init" | "generator" | "reloader";

/** What the demo was asked for. */
export interface DemoConfig {
  /** Run unattended: change a Service, wait for nginx, stop. */
  readonly isSmoke: boolean;
  /** A real cluster's kubeconfig files, separated by colons, instead of the embedded API server. */
  readonly kubeconfig: string | null;
  /** Where the demo keeps its files. */
  readonly folder: string;
  /** The user's home; empty when there is none. */
  readonly home: string;
  readonly workingFolder: string;
  readonly httpPort: number;
  readonly apiPort: number;
  readonly generatorPort: number;
  readonly reloaderPort: number;
  /** For the programs: with the places on PATH where nginx is when a user's PATH lacks them. */
  readonly environment: Environment;
  /** The file of one of the programs. */
  readonly script: (program: PodProgram) => string;
}

/** `~/` at the start is the user's home: after `NAME=` in an argument of make, many shells leave it as it is. */
const expand = (path: string, home: string): string =>
  resolve(path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path);

const portRange = { min: 0, max: 65535 };

/**
 * Reads what the demo was asked for.
 *
 * @param programPath the file that runs: the programs lie beside it, bundled or as sources
 * @throws SettingsError naming every bad setting
 */
export const readConfig = (
  environment: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
  programPath: string = process.argv[1] ?? "",
): DemoConfig =>
  readSettings(environment, (reader) => {
    const isBundled = programPath.endsWith(".cjs");
    const programFolder = dirname(resolve(programPath));
    const isSmoke = args.includes("--smoke");
    // Unattended runs take whatever port is free: several may run on one machine.
    const port = (name: string, preferred: number): number => reader.integer(name, isSmoke ? 0 : preferred, portRange);
    const home = reader.text("HOME", "");
    const kubeconfigs = reader
      .text("KUBECONFIG", "")
      .split(delimiter)
      .filter((path) => path !== "");
    return {
      isSmoke,
      home,
      workingFolder: resolve("."),
      kubeconfig: kubeconfigs.length === 0 ? null : kubeconfigs.map((path) => expand(path, home)).join(delimiter),
      folder: expand(reader.text("DEMO_DIR", ".demo"), home),
      httpPort: port("DEMO_HTTP_PORT", 8080),
      apiPort: port("DEMO_API_PORT", 16443),
      generatorPort: port("DEMO_GENERATOR_PORT", 9101),
      reloaderPort: port("DEMO_RELOADER_PORT", 9102),
      environment: {
        ...environment,
        PATH: [environment.PATH ?? "", "/usr/sbin", "/usr/local/sbin"].filter((part) => part !== "").join(delimiter),
      },
      script: (program) =>
        isBundled ? join(programFolder, `${program}.cjs`) : join(programFolder, "..", program, "main.ts"),
    };
  });
