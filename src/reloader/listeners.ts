/**
 * The `listen` addresses of a configuration, read from its text: enough of nginx's grammar to tell a server without
 * listeners from one with, and no more. Source: https://nginx.org/en/docs/dev/development_guide.html#config_syntax and
 * ngx_conf_read_token in src/core/ngx_conf_file.c
 */

type Token = { readonly kind: "word"; readonly text: string } | { readonly kind: ";" | "{" | "}" };

/** Blank, comment, quoted word, mark, bare word: in a bare word `}` is a character like others, and `${` opens no block. */
const tokenPattern =
  /\s+|#[^\n]*|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([;{}])|((?:\\[\s\S]|\$\{|[^\s;{}\\])(?:\\[\s\S]|\$\{|[^\s;{\\])*)/gy;

const tokensOf = function* (text: string): Generator<Token> {
  for (const [, double, single, mark, bare] of text.matchAll(tokenPattern)) {
    if (mark === ";" || mark === "{" || mark === "}") yield { kind: mark };
    const word = double ?? single ?? bare;
    if (word !== undefined) yield { kind: "word", text: word };
  }
};

/** nginx listens on port 80 where a server names no address (8000 when it is not root's). */
const defaultAddress = "*:80";

interface Block {
  readonly name: string;
  readonly addresses: string[];
}

/** What is the reloader's: its listener, which carries no traffic, and its include of the very files that are read. */
export interface OwnParts {
  readonly socket: string;
  readonly include: string;
}

interface Finding {
  readonly kind: "address" | "include";
  readonly value: string;
}

const findIn = function* (text: string): Generator<Finding> {
  const open: Block[] = [];
  let words: string[] = [];
  for (const token of tokensOf(text)) {
    const [name = "", value = ""] = words;
    switch (token.kind) {
      case "word":
        words.push(token.text);
        continue;
      case "{":
        open.push({ name, addresses: [] });
        break;
      case ";":
        if (name === "listen") open.at(-1)?.addresses.push(value);
        if (name === "include") yield { kind: "include", value };
        break;
      case "}": {
        const block = open.pop();
        if (block?.name !== "server") break;
        const addresses = block.addresses.length > 0 ? block.addresses : [defaultAddress];
        for (const address of addresses) yield { kind: "address", value: address };
        break;
      }
    }
    words = [];
  }
};

const findings = function* (texts: Iterable<string>, own: OwnParts): Generator<Finding> {
  for (const text of texts) {
    for (const finding of findIn(text)) {
      const isOwn = finding.value === (finding.kind === "address" ? `unix:${own.socket}` : own.include);
      if (!isOwn) yield finding;
    }
  }
};

/** The addresses as written, sorted, each once. */
export const readListeners = (texts: Iterable<string>, own: OwnParts): readonly string[] => {
  const addresses = [...findings(texts, own)].filter((finding) => finding.kind === "address");
  return [...new Set(addresses.map((finding) => finding.value))].sort();
};

/**
 * Whether there is a listener for traffic; `elsewhere`: only in files that are included and were not read, if at all.
 * It reads no further than to the first, which is near the beginning as a rule.
 */
export const hasListener = (texts: Iterable<string>, own: OwnParts): "yes" | "no" | "elsewhere" => {
  let answer: "no" | "elsewhere" = "no";
  for (const finding of findings(texts, own)) {
    if (finding.kind === "address") return "yes";
    answer = "elsewhere";
  }
  return answer;
};
