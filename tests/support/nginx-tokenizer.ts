/** A directive as nginx reads it: its words, escapes undone, and its block where it has one. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** What stands between its braces; null where it ends with a semicolon. */
  readonly block: readonly Directive[] | null;
  /** The line on which its first word begins, from 1. */
  readonly line: number;
}

/** A configuration file. */
export interface ConfFile {
  readonly directives: readonly Directive[];
  /** The comments without the `#`, in order: nginx reads none of them. */
  readonly comments: readonly string[];
}

// NGX_CONF_BUFFER in ngx_conf_file.c: a word that fills the buffer is refused.
const bufferBytes = 4096;

type End = "directive" | "block" | "close" | "end of file";

const isSpace = (char: string): boolean => char === " " || char === "\t" || char === "\r" || char === "\n";

const spaces: ReadonlyMap<string, string> = new Map([
  ["t", "\t"],
  ["r", "\r"],
  ["n", "\n"],
]);

/** Undoes the escapes that nginx undoes: any other backslash stays. */
const undoEscapes = (raw: string): string =>
  raw.replace(/\\(["'\\trn])/g, (_, char: string) => spaces.get(char) ?? char);

class Reader {
  readonly comments: string[] = [];
  line = 1;
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  fail(message: string): never {
    throw new SyntaxError(`${message} in line ${this.line}`);
  }

  /** The words up to `;`, `{`, `}` or the end, as `ngx_conf_read_token` gives them. */
  statement(): { readonly words: readonly string[]; readonly line: number; readonly end: End } {
    const words: string[] = [];
    let line = this.line;
    for (;;) {
      this.#skip();
      const char = this.#text[this.#at];
      if (words.length === 0) line = this.line;
      if (char === undefined) {
        if (words.length > 0) this.fail('unexpected end of file, expecting ";" or "}"');
        return { words, line, end: "end of file" };
      }
      if (char === ";" || char === "{" || char === "}") {
        if (words.length > 0 === (char === "}")) this.fail(`unexpected "${char}"`);
        this.#at += 1;
        return { words, line, end: char === ";" ? "directive" : char === "{" ? "block" : "close" };
      }
      words.push(char === '"' || char === "'" ? this.#quoted(char) : this.#bare());
    }
  }

  /** White space and comments: a `#` begins one only where a word could begin. */
  #skip(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        const stop = end < 0 ? this.#text.length : end;
        this.comments.push(this.#text.slice(this.#at + 1, stop));
        this.#at = stop;
      } else if (char !== undefined && isSpace(char)) {
        if (char === "\n") this.line += 1;
        this.#at += 1;
      } else return;
    }
  }

  #quoted(quote: string): string {
    this.#at += 1;
    const word = this.#word((char) => char === quote);
    this.#at += 1;
    const next = this.#text[this.#at];
    // A parenthesis may follow, for the conditions of `if`; it begins a word of its own.
    if (next !== undefined && !isSpace(next) && !";{)".includes(next)) this.fail(`unexpected "${next}"`);
    return word;
  }

  #bare(): string {
    return this.#word((char) => isSpace(char) || char === ";" || char === "{");
  }

  /** Up to the character that ends it. A brace right after a dollar sign belongs to a variable's name. */
  #word(isEnd: (char: string) => boolean): string {
    const start = this.#at;
    let isVariable = false;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) this.fail('unexpected end of file, expecting ";" or "}"');
      if (char === "\\") {
        isVariable = false;
        this.#count(this.#text[this.#at + 1]);
        this.#at += 2;
        continue;
      }
      if (!(char === "{" && isVariable)) {
        if (isEnd(char)) break;
        isVariable = char === "$";
      }
      this.#count(char);
      this.#at += 1;
    }
    const raw = this.#text.slice(start, this.#at);
    if (Buffer.byteLength(raw) >= bufferBytes) this.fail("too long parameter");
    return undoEscapes(raw);
  }

  #count(char: string | undefined): void {
    if (char === "\n") this.line += 1;
  }
}

const readBlock = (reader: Reader, depth: number): readonly Directive[] => {
  const directives: Directive[] = [];
  for (;;) {
    const { words, line, end } = reader.statement();
    if (end === "close") {
      if (depth === 0) reader.fail('unexpected "}"');
      return directives;
    }
    if (end === "end of file") {
      if (depth > 0) reader.fail('unexpected end of file, expecting "}"');
      return directives;
    }
    const [name = "", ...args] = words;
    directives.push({ name, args, block: end === "block" ? readBlock(reader, depth + 1) : null, line });
  }
};

/**
 * Reads an nginx configuration file into its directives, and knows none of them. `include` is not followed, and the
 * braces of a Lua block are not special.
 * Source: `ngx_conf_read_token` and `ngx_conf_parse` in nginx's ngx_conf_file.c.
 *
 * @throws SyntaxError where nginx would refuse the file for its form, with the line
 */
export const tokenize = (text: string): ConfFile => {
  const reader = new Reader(text);
  const directives = readBlock(reader, 0);
  return { directives, comments: reader.comments };
};
