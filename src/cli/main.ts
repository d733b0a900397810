#!/usr/bin/env node
import { isatty } from "node:tty";
import { TemplateError } from "../nginx/template-error.ts";
import { describeError, type ExitCode, runProgram } from "../ops/program.ts";
import { SettingsError } from "../settings/environment.ts";
import type { Command, InputArguments } from "./arguments.ts";
import { type CliConfig, readCommand, readConfig } from "./config.ts";
import { explain } from "./explain.ts";
import { help } from "./help.ts";
import { lint } from "./lint.ts";
import { render } from "./render.ts";
import { processStreams, type Streams } from "./streams.ts";
import { version } from "./version.ts";

type InputCommand = Extract<Command, InputArguments>;

const mistakes: readonly (abstract new (...args: never) => Error)[] = [SettingsError, TemplateError];

const runWithSettings = (command: InputCommand, config: CliConfig, streams: Streams): Promise<ExitCode> => {
  switch (command.kind) {
    case "render":
      return render(command, config, streams);
    case "lint":
      return lint(command, config, streams);
    case "explain":
      return explain(command, config, streams);
  }
};

/** A setting that cannot be used, or the template that one names: one line, and exit 2. */
const runOnInputs = async (command: InputCommand, streams: Streams): Promise<ExitCode> => {
  // Not process.stdin.isTTY: to touch that stream makes the pipe non-blocking.
  if (command.inputs.length === 0 && isatty(0)) {
    await streams.err("hotroute: name files or folders, or pipe Services into standard input\n");
    return 2;
  }
  try {
    return await runWithSettings(command, readConfig(), streams);
  } catch (error) {
    if (!mistakes.some((kind) => error instanceof kind)) throw error;
    await streams.err(`hotroute: ${describeError(error)}\n`);
    return 2;
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
      return runOnInputs(command, streams);
  }
};

void runProgram("cli", () => run(readCommand(), processStreams()));
