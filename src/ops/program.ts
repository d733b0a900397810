/** What a program ends with: 0 done or stopped, 1 something outside is wrong, 2 its settings are. */
export type ExitCode = 0 | 1 | 2;

/** An error whose message is the one line that a person needs: what is wrong, where, and what to do. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

const isSettingsError = (error: unknown): boolean => error instanceof Error && error.name === "SettingsError";

/** The message and those of the causes behind it, each said once, on one line. */
export const describeError = (error: unknown): string => {
  let parts: readonly string[] = [];
  for (let current: unknown = error; current !== undefined && parts.length < 5; ) {
    const text = (current instanceof Error ? current.message || current.name : String(current)).replace(
      /\s*\n\s*/g,
      " ",
    );
    if (!parts.some((part) => part.includes(text))) parts = [...parts.filter((part) => !text.includes(part)), text];
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ");
};

/**
 * Runs a program to its end: a bad setting exits 2, any other failure 1, each with one line on standard error.
 * SIGTERM and SIGINT abort the signal, once; a second one ends the program at once.
 *
 * @param name what the line begins with
 * @param main resolves with the exit code when the program has ended by itself
 */
export const runProgram = async (name: string, main: (stop: AbortSignal) => Promise<ExitCode>): Promise<void> => {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    controller.abort(signal);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  let code: ExitCode;
  try {
    code = await main(controller.signal);
  } catch (error) {
    process.stderr.write(`hotroute ${name}: ${describeError(error)}\n`);
    code = isSettingsError(error) ? 2 : 1;
  }
  // An open handle (a keep-alive socket, a watcher) must not keep a program that has ended alive.
  process.exit(code);
};
