import type Handlebars from "handlebars";
import { placeOfLoc, TemplateFault } from "./template-error.ts";

/** What bounds one rendering. */
export interface RenderBounds {
  readonly maxOutputLength: number;
  readonly maxIterations: number;
}

/** The environment of one template: its helpers check what they are given. */
export interface TypedEnvironment {
  readonly environment: typeof Handlebars;
  /** Called before each rendering: the count of iterations starts anew. */
  reset(): void;
}

interface Options {
  readonly fn?: (context: unknown, options?: unknown) => string;
  readonly loc?: unknown;
}

/** One call of a helper: its arguments, and its place. */
interface Call {
  readonly self: unknown;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: Options;
}

const describe = (value: unknown): string => {
  if (value === undefined) return "a field that does not exist";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${JSON.stringify(value)?.slice(0, 80)}`;
};

const misuse = ({ name, options }: Pick<Call, "name" | "options">, expected: string): TemplateFault =>
  new TemplateFault(placeOfLoc(options.loc), `${name}: expected ${expected}`);

const isScalar = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";

const countArguments = (call: Call, usage: string, count: number): void => {
  if (call.args.length !== count) throw misuse(call, `${usage}, got ${call.args.length} arguments`);
};

const eq = (call: Call): boolean => {
  const usage = "two texts, numbers, booleans or nulls";
  countArguments(call, usage, 2);
  for (const arg of call.args) if (!isScalar(arg)) throw misuse(call, `${usage}, got ${describe(arg)}`);
  return call.args[0] === call.args[1];
};

const join = (call: Call): string => {
  const usage = "a list of texts or numbers, and a text to stand between them";
  countArguments(call, usage, 2);
  const [list, separator] = call.args;
  if (!Array.isArray(list)) throw misuse(call, `${usage}, got ${describe(list)}`);
  if (typeof separator !== "string") throw misuse(call, `${usage}, got ${describe(separator)} as the second`);
  const wrong: unknown = list.find((element) => typeof element !== "string" && typeof element !== "number");
  if (wrong !== undefined) throw misuse(call, `${usage}, got ${describe(wrong)} in the list`);
  return list.join(separator);
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f]/;

/** nginx knows `\"` and `\\` in a quoted string; a dollar sign has no escape there, and stays a variable's. */
const quote = (call: Call): string => {
  const usage = "one text or number without control characters";
  countArguments(call, usage, 1);
  const [value] = call.args;
  if (typeof value !== "string" && typeof value !== "number") throw misuse(call, `${usage}, got ${describe(value)}`);
  if (control.test(String(value))) throw misuse(call, `${usage}, got ${describe(value)}`);
  return `"${String(value).replace(/[\\"]/g, "\\$&")}"`;
};

const maxIndent = 64;

/** `{{indent 4 text}}`, or `{{#indent 4}}…{{/indent}}`; lines that are empty stay so. */
const indent = (call: Call): string => {
  const usage = `a whole number of spaces from 0 to ${maxIndent}, and a text or a block`;
  const isBlock = call.options.fn !== undefined;
  countArguments(call, usage, isBlock ? 1 : 2);
  const [spaces, text] = call.args;
  if (typeof spaces !== "number" || !Number.isInteger(spaces) || spaces < 0 || spaces > maxIndent) {
    throw misuse(call, `${usage}, got ${describe(spaces)}`);
  }
  const body: unknown = call.options.fn === undefined ? text : call.options.fn(call.self);
  if (typeof body !== "string") throw misuse(call, `${usage}, got ${describe(body)}`);
  return body.replace(/^(?=[^\n])/gm, " ".repeat(spaces));
};

/** The helpers beside Handlebars' own. */
export const ownHelpers = { eq, join, quote, indent } as const;

const checkedBlocks = ["if", "unless", "with", "blockHelperMissing"] as const;

/** Strict mode does not look at arguments: a field's name that is mistyped would be an empty list, or false. */
const demandArgument = (call: Call): void => {
  if (call.args[0] === undefined) throw misuse(call, "something that exists, got a field that does not");
};

const register = (environment: typeof Handlebars, name: string, run: (call: Call) => unknown): void => {
  environment.registerHelper(name, function (this: unknown, ...all: readonly unknown[]): unknown {
    // Handlebars gives its options last, always.
    const options = all.at(-1) as Options;
    return run({ self: this, name, args: all.slice(0, -1), options });
  });
};

/** Makes an environment that shares nothing with others: the helpers that are checked, and none that logs. */
export const createEnvironment = (handlebars: typeof Handlebars, bounds: RenderBounds): TypedEnvironment => {
  const environment = handlebars.create();
  let iterations = 0;
  for (const [name, run] of Object.entries(ownHelpers)) register(environment, name, run);
  const { each, lookup } = environment.helpers;
  for (const name of checkedBlocks) {
    const original = environment.helpers[name];
    register(environment, name, (call) => {
      demandArgument(call);
      return original?.call(call.self, ...call.args, call.options);
    });
  }
  register(environment, "lookup", (call) => {
    const found: unknown = lookup?.call(call.self, ...call.args, call.options);
    if (found === undefined) throw misuse(call, "an object or list, and the name of a field that it has");
    return found;
  });
  register(environment, "each", (call) => {
    const [list] = call.args;
    if (call.args.length !== 1 || typeof list !== "object") {
      throw misuse(call, `a list or an object, got ${describe(list)}`);
    }
    let length = 0;
    const fn = (context: unknown, options: unknown): string => {
      iterations += 1;
      if (iterations > bounds.maxIterations)
        throw misuse(call, `no more than ${bounds.maxIterations} iterations in all`);
      const text = call.options.fn?.(context, options) ?? "";
      length += text.length;
      if (length > bounds.maxOutputLength) throw misuse(call, `no more than ${bounds.maxOutputLength} characters`);
      return text;
    };
    return each?.call(call.self, list, { ...call.options, fn });
  });
  environment.unregisterHelper("log");
  return {
    environment,
    reset: () => {
      iterations = 0;
    },
  };
};
