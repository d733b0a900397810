/**
 * The `listen` addresses of a configuration, read from its text: enough of nginx's grammar to tell a server without
 * listeners from one with, and no more. Source: https://nginx.org/en/docs/dev/development_guide.html#config_syntax and
 * ngx_conf_read_token in src/core/ngx_conf_file.c
 */

/** What the text of some configuration files says of listeners. */
export interface Listeners {
  /** Addresses as written, sorted, each once. */
  readonly addresses: readonly string[];
  /** Files are included that were not read: there may be more listeners. */
  readonly hasInclude: boolean;
}

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

/**
 * Reads the listeners of some files.
 *
 * @param texts the files' contents
 * @param own what is the reloader's: its listener, which carries no traffic, and its include of these very files
 */
export const readListeners = (
  texts: Iterable<string>,
  own: { readonly socket: string; readonly include: string },
): Listeners => {
  const found = new Set<string>();
  let hasInclude = false;
  for (const text of texts) {
    const open: Block[] = [];
    let words: string[] = [];
    for (const token of tokensOf(text)) {
      const [name, value] = words;
      switch (token.kind) {
        case "word":
          words.push(token.text);
          continue;
        case "{":
          open.push({ name: name ?? "", addresses: [] });
          break;
        case ";":
          if (name === "listen" && value !== undefined) open.at(-1)?.addresses.push(value);
          if (name === "include" && value !== own.include) hasInclude = true;
          break;
        case "}": {
          const block = open.pop();
          if (block?.name !== "server") break;
          for (const address of block.addresses.length > 0 ? block.addresses : [defaultAddress]) found.add(address);
          break;
        }
      }
      words = [];
    }
  }
  found.delete(`unix:${own.socket}`);
  return { addresses: [...found].sort(), hasInclude };
};
