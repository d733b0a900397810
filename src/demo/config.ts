import { delimiter, dirname, join, resolve } from "node:path";
import { type Environment, readSettings } from "../settings/environment.ts";

/** What the demo was asked for. */
export interface DemoConfig {
  /** Run unattended: change a Service, wait for nginx, stop. */
  readonly isSmoke: boolean;
  /** A real cluster's kubeconfig instead of the embedded API server. */
  readonly kubeconfig: string | null;
  /** Where the demo keeps its files. */
  readonly folder: string;
  readonly httpPort: number;
  readonly apiPort: number;
  readonly generatorPort: number;
  readonly reloaderPort: number;
  /** For the programs: with the places on PATH where nginx is when a user's PATH lacks them. */
  readonly environment: Environment;
  /** The file of one of the programs. */
  readonly script: (program: "init" | "generator" | "reloader") => string;
}

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
    return {
      isSmoke,
      kubeconfig: reader.text("KUBECONFIG", null),
      folder: resolve(reader.text("DEMO_DIR", ".demo")),
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
