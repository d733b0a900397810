import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import { isNamespaceName } from "../settings/namespaces.ts";
import { type ReportFormat, reportFormats } from "./report.ts";

/** What every command that reads Services is told. */
export interface InputArguments {
  /** Files, folders and `-`; empty: standard input. */
  readonly inputs: readonly string[];
  readonly namespace: string;
  readonly clusterIP: string | null;
  readonly isVerbose: boolean;
}

/** What a person asked for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** `message` says what is wrong with the command line, on one line. */
  | { readonly kind: "mistake"; readonly message: string }
  | ({ readonly kind: "lint"; readonly format: ReportFormat } & InputArguments)
  | ({ readonly kind: "explain"; readonly url: string } & InputArguments)
  | ({
      readonly kind: "render";
      readonly outputFile: string | null;
      readonly isChecked: boolean;
      readonly isStrict: boolean;
    } & InputArguments);

const options = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
  namespace: { type: "string" },
  "cluster-ip": { type: "string" },
  output: { type: "string" },
  check: { type: "boolean" },
  strict: { type: "boolean" },
} as const;
type OptionName = keyof typeof options;

const always: readonly OptionName[] = ["help", "version"];
const inputOptions: readonly OptionName[] = [...always, "verbose", "namespace", "cluster-ip"];
const commands = {
  render: [...inputOptions, "output", "check", "strict"],
  lint: [...inputOptions, "output"],
  explain: inputOptions,
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;
type CommandName = keyof typeof commands;
const commandNames = Object.keys(commands) as readonly CommandName[]; // the keys of the object above

const isCommandName = (text: string): text is CommandName => Object.hasOwn(commands, text);
const isOptionName = (text: string): text is OptionName => Object.hasOwn(options, text);

/** A mistake in the command line; caught below, where it becomes a Command. */
class Mistake extends Error {}

/** `; did you mean --strict?` where something known is near. */
const suggestion = (given: string, known: readonly string[]): string => {
  const nearest = closest(given, known);
  return distance(given, nearest) <= Math.max(2, Math.floor(nearest.length / 3)) ? `; did you mean ${nearest}?` : "";
};

interface Given {
  readonly flags: ReadonlySet<OptionName>;
  readonly texts: ReadonlyMap<OptionName, string>;
  readonly words: readonly string[];
}

const readTokens = (args: readonly string[]): Given => {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const flags = new Set<OptionName>();
  const texts = new Map<OptionName, string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    if (!isOptionName(name)) {
      const known = Object.keys(options).map((option) => `--${option}`);
      throw new Mistake(`no option ${rawName}${rawName.startsWith("--") ? suggestion(rawName, known) : ""}`);
    }
    if (options[name].type === "boolean") {
      if (value !== undefined) throw new Mistake(`${rawName} takes no value`);
      flags.add(name);
    } else {
      const isMissing = value === undefined || value === "" || (inlineValue === false && /^-./.test(value));
      if (isMissing) throw new Mistake(`${rawName} needs a value`);
      texts.set(name, value);
    }
  }
  return { flags, texts, words };
};

const readInputArguments = ({ flags, texts }: Given, inputs: readonly string[]): InputArguments => {
  const namespace = texts.get("namespace") ?? "default";
  const clusterIP = texts.get("cluster-ip") ?? null;
  if (!isNamespaceName(namespace)) throw new Mistake("--namespace: expected a DNS label (team-a)");
  if (clusterIP !== null && (isIP(clusterIP) === 0 || clusterIP.includes("%"))) {
    throw new Mistake("--cluster-ip: expected an IP address (127.0.0.1)");
  }
  return { inputs, namespace, clusterIP, isVerbose: flags.has("verbose") };
};

const readFormat = (texts: Given["texts"]): ReportFormat => {
  const given = texts.get("output") ?? "human";
  const format = reportFormats.find((known) => known === given);
  if (format === undefined) throw new Mistake(`--output: expected one of ${reportFormats.join(", ")}`);
  return format;
};

const readCommand = (name: CommandName, given: Given, words: readonly string[]): Command => {
  switch (name) {
    case "render":
      return {
        kind: "render",
        outputFile: given.texts.get("output") ?? null,
        isChecked: given.flags.has("check"),
        isStrict: given.flags.has("strict"),
        ...readInputArguments(given, words),
      };
    case "lint":
      return { kind: "lint", format: readFormat(given.texts), ...readInputArguments(given, words) };
    case "explain": {
      const [url, ...inputs] = words;
      if (url === undefined) throw new Mistake("explain needs a URL (hotroute explain https://shop.example.com/cart)");
      return { kind: "explain", url, ...readInputArguments(given, inputs) };
    }
  }
};

const readArguments = (args: readonly string[]): Command => {
  const given = readTokens(args);
  if (given.flags.has("help")) return { kind: "help" };
  if (given.flags.has("version")) return { kind: "version" };
  const [name, ...words] = given.words;
  if (name === undefined) throw new Mistake(`expected a command: ${commandNames.join(", ")}`);
  if (name === "help") return { kind: "help" };
  if (!isCommandName(name)) throw new Mistake(`no command ${JSON.stringify(name)}${suggestion(name, commandNames)}`);
  const allowed: readonly OptionName[] = commands[name];
  const stray = [...given.flags, ...given.texts.keys()].find((option) => !allowed.includes(option));
  if (stray !== undefined) throw new Mistake(`${name} has no option --${stray}`);
  return readCommand(name, given, words);
};

/** Reads a command line. What is wrong with it is a Command too, never thrown. */
export const parseCommand = (args: readonly string[]): Command => {
  try {
    return readArguments(args);
  } catch (error) {
    if (error instanceof Mistake) return { kind: "mistake", message: error.message };
    throw error;
  }
};
