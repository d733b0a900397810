import type { Command } from "./arguments.ts";
import type { CliConfig } from "./config.ts";
import { prepare } from "./prepare.ts";
import { formatReport, summarise } from "./report.ts";
import type { Streams } from "./streams.ts";

/** Says what is wrong: the findings on standard output, one line of summary on standard error. */
export const lint = async (
  command: Extract<Command, { kind: "lint" }>,
  config: CliConfig,
  streams: Streams,
): Promise<0 | 1 | 2> => {
  const { loaded, findings, configuration } = await prepare(command, config, streams);
  const counts = {
    files: loaded.fileCount,
    services: configuration.serviceCount,
    routes: configuration.routeCount,
  };
  await streams.out(formatReport(findings, counts, command.format));
  await streams.err(`hotroute: ${summarise(findings, counts)}\n`);
  if (!loaded.isWhole) return 2;
  return findings.length > 0 ? 1 : 0;
};
