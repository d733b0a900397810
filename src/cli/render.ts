import { writeFileAtomic } from "../files/atomic-write.ts";
import { configure } from "../nginx/configuration.ts";
import { describeError } from "../ops/program.ts";
import type { Command } from "./arguments.ts";
import type { CliConfig } from "./config.ts";
import { testListens, testWithNginx } from "./nginx-test.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { humanLine, summarise } from "./report.ts";
import type { Streams } from "./streams.ts";

type RenderCommand = Extract<Command, { kind: "render" }>;

/** The exit code of `nginx -t`'s answer, after it was told. */
const check = async ({ loaded, template }: Prepared, config: CliConfig, streams: Streams): Promise<0 | 1 | 2> => {
  const { configuration, hostPolicy } = config.routing;
  const listens = testListens(configuration.listens);
  const { text } = configure(loaded.services, { ...configuration, listens }, hostPolicy?.policy ?? null, template);
  const verdict = await testWithNginx(text, config.nginxBin, config.environment);
  switch (verdict.kind) {
    case "accepted":
      return 0;
    case "refused":
      await streams.err(`hotroute: nginx -t refuses the configuration: ${verdict.said}\n`);
      return 1;
    case "absent":
      await streams.err(`hotroute: --check needs nginx: ${verdict.reason}; install it, or set NGINX_BIN\n`);
      return 2;
  }
};

/** Writes the configuration. Where a file cannot be read there is none: a part would look like the whole. */
export const render = async (command: RenderCommand, config: CliConfig, streams: Streams): Promise<0 | 1 | 2> => {
  const prepared = await prepare(command, config, streams);
  const { loaded, findings, configuration } = prepared;
  await streams.err(findings.map(humanLine).join(""));
  if (!loaded.isWhole) return 2;
  const { text, serviceCount, routeCount } = configuration;
  if (command.isVerbose) {
    const counts = { files: loaded.fileCount, services: serviceCount, routes: routeCount };
    await streams.err(`hotroute: ${summarise(findings, counts)}\n`);
  }
  const tested = command.isChecked ? await check(prepared, config, streams) : 0;
  if (tested !== 0) return tested;
  if (command.isStrict && findings.length > 0) return 1;
  if (command.outputFile === null) await streams.out(text);
  else {
    try {
      await writeFileAtomic(command.outputFile, text);
    } catch (error) {
      await streams.err(`hotroute: cannot write ${command.outputFile}: ${describeError(error)}\n`);
      return 2;
    }
  }
  return 0;
};
