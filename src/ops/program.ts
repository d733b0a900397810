/**
 * What a program ends with: 0 done or stopped, 1 something outside is wrong, 2 its settings are; 128 + N when signal N
 * cut off what was to run to its end.
 */
export type ExitCode = 0 | 1 | 2 | 129 | 130 | 143;

const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const satisfies Readonly<Record<string, ExitCode>>;
type StopSignal = keyof typeof signalCodes;
const stopSignals: readonly StopSignal[] = ["SIGHUP", "SIGINT", "SIGTERM"];

/** `timeout` and make signal a process and its group: one stop arrives twice. */
const sameStopMs = 200;

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

/** The exit code of work that was cut off by the signal that aborted `stop`; 1 when it was none. */
export const interruptedCode = (stop: AbortSignal): ExitCode => {
  const signal = stopSignals.find((name) => name === stop.reason);
  return signal === undefined ? 1 : signalCodes[signal];
};

/**
 * Runs a program to its end: a bad setting exits 2, any other failure 1, each with one line on standard error.
 * SIGTERM, SIGINT and SIGHUP (its terminal was closed) abort the signal with their name as the reason; a second SIGTERM
 * or SIGINT ends the program at once.
 *
 * @param name what the line begins with
 * @param main resolves with the exit code when the program has ended by itself
 */
export const runProgram = async (name: string, main: (stop: AbortSignal) => Promise<ExitCode>): Promise<void> => {
  const controller = new AbortController();
  let stoppedAtMs = 0;
  const onSignal = (signal: StopSignal): void => {
    if (!controller.signal.aborted) {
      stoppedAtMs = performance.now();
      controller.abort(signal);
    } else if (signal !== "SIGHUP" && performance.now() - stoppedAtMs > sameStopMs) {
      // A closed terminal sends SIGHUP twice, from the kernel and from its shell: that asks for no hurry.
      process.exit(signalCodes[signal]);
    }
  };
  for (const signal of stopSignals) process.on(signal, () => onSignal(signal));
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
