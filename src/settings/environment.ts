/** The environment a program was started with: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting that cannot be used: its name, its value as given, and what was expected. */
export interface SettingProblem {
  readonly name: string;
  readonly value: string;
  readonly expected: string;
}

const describe = (problem: SettingProblem): string =>
  `${problem.name}=${JSON.stringify(problem.value.slice(0, 80))}: expected ${problem.expected}`;

/** Thrown when settings are bad; the message names all of them, on one line. Programs exit 2 on it. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: readonly SettingProblem[];
  constructor(problems: readonly SettingProblem[]) {
    super(`bad settings: ${problems.map(describe).join("; ")}`);
    this.problems = problems;
  }
}

/** A value, or what was expected instead. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

/** Reads settings one by one and remembers the bad ones, so that all can be named at once. */
export interface SettingsReader {
  /** A whole number in [min, max]. */
  integer(name: string, fallback: number, range: { readonly min: number; readonly max: number }): number;
  /** `true` or `false`. */
  boolean(name: string, fallback: boolean): boolean;
  /** A text that is not empty; unset and empty give the fallback. */
  text<F extends string | null>(name: string, fallback: F): string | F;
  /** Anything with a parser of its own; unset and empty give the fallback. */
  parsed<T, F>(name: string, fallback: F, parse: (raw: string) => Parsed<T>): T | F;
}

/**
 * Reads a program's settings.
 *
 * @param args what stood behind the program on its command line: there is nothing to say there, and what was meant as a
 * setting must not be passed over in silence
 * @throws SettingsError naming every bad setting
 */
export const readSettings = <S>(
  environment: Environment,
  read: (reader: SettingsReader) => S,
  args: readonly string[] = [],
): S => {
  const problems: SettingProblem[] = args.map((value) => ({
    name: "argument",
    value,
    expected: "none: settings are environment variables",
  }));
  const parsed = <T, F>(name: string, fallback: F, parse: (raw: string) => Parsed<T>): T | F => {
    const raw = environment[name];
    if (raw === undefined || raw === "") return fallback;
    const result = parse(raw);
    if (result.ok) return result.value;
    problems.push({ name, value: raw, expected: result.expected });
    return fallback;
  };
  const settings = read({
    parsed,
    integer: (name, fallback, { min, max }) =>
      parsed(name, fallback, (raw) => {
        const value = /^\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
        return value >= min && value <= max
          ? { ok: true, value }
          : { ok: false, expected: `a whole number from ${min} to ${max}` };
      }),
    boolean: (name, fallback) =>
      parsed(name, fallback, (raw) =>
        raw === "true" || raw === "false"
          ? { ok: true, value: raw === "true" }
          : { ok: false, expected: "true or false" },
      ),
    text: (name, fallback) => parsed(name, fallback, (raw) => ({ ok: true, value: raw })),
  });
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
};
