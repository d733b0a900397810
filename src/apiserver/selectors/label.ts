import type { JsonObject } from "../json.ts";
import { labelKeyProblems, labelValueProblems } from "../resources/names.ts";
import { badRequest } from "../status.ts";

/** Says whether a set of labels is selected. */
export type LabelSelector = (labels: JsonObject) => boolean;

type Operator = "exists" | "!" | "=" | "!=" | "in" | "notin" | "gt" | "lt";

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

const TOKENS = /\s*(!=|==|=|!|\(|\)|,|<|>|[^\s!=(),<>]+)/y;

const tokenize = (text: string): readonly string[] => {
  const tokens: string[] = [];
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < text.length) {
    const match = TOKENS.exec(text);
    if (match === null) break;
    tokens.push(match[1] ?? "");
  }
  return tokens;
};

const unparsable = (found: string | undefined, expected: string): Error =>
  badRequest(`unable to parse requirement: found '${found ?? ""}', expected: ${expected}`);

const isWord = (token: string | undefined): token is string =>
  token !== undefined && !/^(!=|==|=|!|\(|\)|,|<|>)$/.test(token);

/** Reads requirements one after another; the grammar is that of k8s.io/apimachinery/pkg/labels. */
class SelectorParser {
  readonly #tokens: readonly string[];
  #at = 0;
  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): readonly Requirement[] {
    const requirements: Requirement[] = [];
    if (this.#tokens.length === 0) return requirements;
    for (;;) {
      requirements.push(this.#requirement());
      const token = this.#next();
      if (token === undefined) return requirements;
      if (token !== ",") throw unparsable(token, "',' or 'end of string'");
      if (this.#peek() === undefined) throw unparsable("", "identifier after ','");
    }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  #requirement(): Requirement {
    const negated = this.#peek() === "!";
    if (negated) this.#at += 1;
    const key = this.#next();
    if (!isWord(key)) throw unparsable(key, "identifier");
    checkKey(key);
    if (negated) return { key, operator: "!", values: [] };
    const following = this.#peek();
    if (following === undefined || following === ",") return { key, operator: "exists", values: [] };
    return this.#comparison(key);
  }

  #comparison(key: string): Requirement {
    const operator = this.#next();
    switch (operator) {
      case "=":
      case "==":
        return checked({ key, operator: "=", values: [this.#value()] });
      case "!=":
        return checked({ key, operator: "!=", values: [this.#value()] });
      case "<":
        return checked({ key, operator: "lt", values: [this.#value()] });
      case ">":
        return checked({ key, operator: "gt", values: [this.#value()] });
      case "in":
      case "notin":
        return checked({ key, operator, values: this.#values() });
      default:
        throw unparsable(operator, "in, notin, =, ==, !=, gt, lt");
    }
  }

  /** One value, which may be empty. */
  #value(): string {
    const token = this.#peek();
    if (token === undefined || token === ",") return "";
    if (!isWord(token)) throw unparsable(token, "identifier");
    this.#at += 1;
    return token;
  }

  #values(): readonly string[] {
    const open = this.#next();
    if (open !== "(") throw unparsable(open, "'('");
    const values: string[] = [];
    for (;;) {
      const token = this.#next();
      if (isWord(token)) {
        values.push(token);
        const after = this.#next();
        if (after === ")") return values;
        if (after !== ",") throw unparsable(after, "',' or ')'");
        if (this.#peek() === ")") values.push("");
      } else if (token === ",") values.push("");
      else if (token === ")") return values.length === 0 ? [""] : values;
      else throw unparsable(token, "',', ')' or identifier");
    }
  }
}

const checkKey = (key: string): void => {
  const [problem] = labelKeyProblems(key);
  if (problem !== undefined) throw badRequest(`unable to parse requirement: invalid label key "${key}": ${problem}`);
};

const checked = (requirement: Requirement): Requirement => {
  const { key, operator, values } = requirement;
  if ((operator === "gt" || operator === "lt") && !/^-?\d+$/.test(values[0] ?? "")) {
    throw badRequest("unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer");
  }
  for (const value of values) {
    const [problem] = labelValueProblems(value);
    if (problem !== undefined) {
      throw badRequest(`unable to parse requirement: invalid label value: "${value}": at key: "${key}": ${problem}`);
    }
  }
  return requirement;
};

const holds = ({ key, operator, values }: Requirement, labels: JsonObject): boolean => {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "=":
    case "in":
      return typeof value === "string" && values.includes(value);
    case "!=":
    case "notin":
      return typeof value !== "string" || !values.includes(value);
    case "gt":
    case "lt": {
      if (typeof value !== "string" || !/^-?\d+$/.test(value)) return false;
      const [mine, other] = [BigInt(value), BigInt(values[0] ?? "0")];
      return operator === "gt" ? mine > other : mine < other;
    }
  }
};

/**
 * Parses a label selector: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, `a>1`, `a<1`, joined by commas.
 * @throws ApiError 400
 */
export const parseLabelSelector = (text: string): LabelSelector => {
  const requirements = new SelectorParser(text).parse();
  return (labels) => requirements.every((requirement) => holds(requirement, labels));
};
