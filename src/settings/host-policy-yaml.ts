import { isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from "yaml";
import {
  createHostClaims,
  type HostClaim,
  type HostClaims,
  type HostPolicy,
  hostClaimExpected,
  parseHostClaim,
} from "../routes/host-policy.ts";
import { isNamespaceName } from "./namespaces.ts";

/** A policy, or every fault of its text by line, a few at most. */
export type HostPolicyResult =
  | { readonly ok: true; readonly policy: HostPolicy }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Of a file of noise there are as many faults as lines. */
const maxFaults = 5;
const shownCharacters = 80;

/** The key of the namespaces that are not named: no namespace can have this name, as it could have `default`. */
const othersKey = "*";

const quotesHint = 'a host that begins with * needs quotes: "*.example.com"; aliases are not taken';

/** A star without quotes, which YAML takes for an alias, and what is wrong with that it says in its own words. */
const bareStar = /(?:^|[\s,[{-])\*/;

/** A text as it may stand in a message of one line. */
const show = (value: unknown): string => {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.replace(/[\p{C}\s]+/gu, " ").slice(0, shownCharacters);
};

/** Walks the nodes of one document, and says where each fault lies. */
class PolicyReader {
  readonly faults: string[] = [];
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  fault(offset: number, message: string): void {
    this.faults.push(`line ${this.#lines.linePos(offset).line}: ${message}`);
  }

  faultAt(node: unknown, message: string): void {
    const range = typeof node === "object" && node !== null && "range" in node ? node.range : null;
    const offset = Array.isArray(range) && typeof range[0] === "number" ? range[0] : 0;
    this.fault(offset, isAlias(node) ? quotesHint : message);
  }

  /** The text of a scalar; null, with a fault, for anything else. */
  text(node: unknown, expected: string): string | null {
    if (isScalar(node) && typeof node.value === "string") return node.value;
    this.faultAt(node, `expected ${expected}${isScalar(node) ? `, found ${show(node.value)}` : ""}`);
    return null;
  }

  claims(namespace: string, key: unknown, node: unknown): HostClaims {
    const claims: HostClaim[] = [];
    if (!isSeq(node)) {
      // `team-a:` alone has a value of no length: its key tells the line.
      this.faultAt(isScalar(node) && node.value === null ? key : node, `expected a list of hosts for ${namespace}`);
      return createHostClaims(claims);
    }
    for (const item of node.items) {
      const raw = this.text(item, hostClaimExpected);
      if (raw === null) continue;
      const claim = parseHostClaim(raw);
      if (claim === null) this.faultAt(item, `expected ${hostClaimExpected}, found ${show(raw)}`);
      else claims.push(claim);
    }
    return createHostClaims(claims);
  }

  entry({ key, value }: Pair): readonly [namespace: string, claims: HostClaims] | null {
    const expected = 'a namespace, or "*" for those that are not named';
    const name = this.text(key, expected);
    if (name === null) return null;
    if (name !== othersKey && !isNamespaceName(name)) {
      this.faultAt(key, `expected ${expected}, found ${show(name)}`);
      return null;
    }
    return [name, this.claims(show(name), key, value)];
  }

  policy(contents: unknown): HostPolicy {
    const namespaces = new Map<string, HostClaims>();
    if (!isMap(contents)) this.faultAt(contents, "expected lists of hosts by namespace (team-a: [example.com])");
    for (const pair of isMap(contents) ? contents.items : []) {
      const entry = this.entry(pair);
      if (entry === null) continue;
      if (namespaces.has(entry[0])) this.faultAt(pair.key, `${show(entry[0])} stands twice`);
      namespaces.set(...entry);
    }
    const others = namespaces.get(othersKey) ?? createHostClaims([]);
    namespaces.delete(othersKey);
    return { namespaces, others };
  }
}

const parse = (text: string): HostPolicyResult => {
  const lines = new LineCounter();
  const reader = new PolicyReader(lines);
  // The parser compares each key with all before it: 50,000 took it half a minute. Twice the same is found below.
  const options = { uniqueKeys: false, prettyErrors: false, logLevel: "error" } as const;
  const document = parseDocument(text, { ...options, lineCounter: lines });
  for (const { pos, message } of document.errors) {
    const line = text.slice(text.lastIndexOf("\n", pos[0] - 1) + 1).split("\n", 1)[0] ?? "";
    reader.fault(pos[0], bareStar.test(line) ? quotesHint : show(message));
  }
  const policy = document.errors.length > 0 ? null : reader.policy(document.contents);
  const { faults } = reader;
  if (policy !== null && faults.length === 0) return { ok: true, policy };
  const more = faults.length - maxFaults;
  return { ok: false, faults: more > 0 ? [...faults.slice(0, maxFaults), `and ${more} more faults`] : faults };
};

/**
 * Parses a host policy: YAML, a map of namespaces to lists of hosts. Whatever the text is, the answer is a value.
 * The key `*` is for the namespaces that are not named; without it these may claim nothing.
 *
 * ```yaml
 * team-a: [a.example.com, "*.a.example.com"]
 * "*": ["*.apps.example.com"]
 * ```
 */
export const parseHostPolicy = (text: string): HostPolicyResult => {
  try {
    return parse(text);
  } catch (error) {
    // The parser is recursive: some thousand brackets are more than its stack.
    const said = error instanceof RangeError ? "it is nested too deeply" : show(error);
    return { ok: false, faults: [`line 1: ${said}`] };
  }
};
