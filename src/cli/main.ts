#!/usr/bin/env node
import { describeError, type ExitCode, runProgram } from "../ops/program.ts";
import { SettingsError } from "../settings/environment.ts";
import type { Command } from "./arguments.ts";
import { type CliConfig, readCommand, readConfig } from "./config.ts";
import { explain } from "./explain.ts";
import { help } from "./help.ts";
import { lint } from "./lint.ts";
import { render } from "./render.ts";
import { processStreams, type Streams } from "./streams.ts";
import { version } from "./version.ts";

const configure = async (streams: Streams): Promise<CliConfig | null> => {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    await streams.err(`hotroute: ${describeError(error)}\n`);
    return null;
  }
};

const run = async (command: Command, streams: Streams): Promise<ExitCode> => {
  switch (command.kind) {
    case "help":
      await streams.out(help);
      return 0;
    case "version":
      await streams.out(`hotroute ${version}\n`);
      return 0;
    case "mistake":
      await streams.err(`hotroute: ${command.message} (hotroute --help says what there is)\n`);
      return 2;
    case "render":
    case "lint":
    case "explain":
      break;
  }
  if (command.inputs.length === 0 && process.stdin.isTTY) {
    await streams.err("hotroute: name files or folders, or pipe Services into standard input\n");
    return 2;
  }
  const config = await configure(streams);
  if (config === null) return 2;
  switch (command.kind) {
    case "render":
      return render(command, config, streams);
    case "lint":
      return lint(command, config, streams);
    case "explain":
      return explain(command, config, streams);
  }
};

void runProgram("cli", () => run(readCommand(), processStreams()));
