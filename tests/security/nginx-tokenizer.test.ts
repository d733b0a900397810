import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goldenCases, readGolden } from "../golden/case.ts";
import { nginxBinaries } from "../support/nginx-binaries.ts";
import { get, startNginx, testConfiguration } from "../support/nginx-server.ts";
import { type Directive, tokenize } from "../support/nginx-tokenizer.ts";
import { freePort } from "../support/ports.ts";

/** The words and blocks alone. */
const plain = (directives: readonly Directive[]): readonly unknown[] =>
  directives.map(({ name, args, block }) => (block === null ? [name, ...args] : [[name, ...args], ...plain(block)]));

// A variable as nginx writes it, which would be a placeholder in a template string.
const braced = ["$", "{b}"].join("");
const long = (length: number): string => "a".repeat(length);

/** Text, and what nginx reads. */
const oddCases: readonly (readonly [text: string, read: readonly unknown[]])[] = [
  ["", []],
  ["a;", [["a"]]],
  ["a b  c\td\r\ne;", [["a", "b", "c", "d", "e"]]],
  ["a{b;}c;", [[["a"], ["b"]], ["c"]]],
  ["a {b {c;}} d;", [[["a"], [["b"], ["c"]]], ["d"]]],
  ["# a; { }\nb; # c;\nd;", [["b"], ["d"]]],
  ["a b#c;", [["a", "b#c"]]],
  ['a "b;c{d}e#f g";', [["a", "b;c{d}e#f g"]]],
  [`a 'b"c' "d'e";`, [["a", 'b"c', "d'e"]]],
  ['a "b\\"c";', [["a", 'b"c']]],
  ['a "b\\\\";c;', [["a", "b\\"], ["c"]]],
  ["a b\\;c;", [["a", "b\\;c"]]],
  ["a b\\ c;", [["a", "b\\ c"]]],
  ["a b\\tc\\nd\\re;", [["a", "b\tc\nd\re"]]],
  ["a b\\.c\\k<d>;", [["a", "b\\.c\\k<d>"]]],
  ['a b"c";', [["a", 'b"c"']]],
  // A closing brace ends no word.
  ["a b}c;", [["a", "b}c"]]],
  [`a ${braced}c;`, [["a", `${braced}c`]]],
  [`a x${braced};`, [["a", `x${braced}`]]],
  ["a x$b{c;}", [[["a", "x$b"], ["c"]]]],
  [`a "${braced}";`, [["a", braced]]],
  ['a ("b");', [["a", '("b")']]],
  ['a ( "b") {c;}', [[["a", "(", "b", ")"], ["c"]]]],
  ['a "b\nc";', [["a", "b\nc"]]],
  [`a ${long(4095)};`, [["a", long(4095)]]],
];

const refused: readonly string[] = [
  "a",
  "a b",
  'a "b;',
  "a 'b;",
  'a "b"c;',
  'a "b"#c\n;',
  ";",
  "{}",
  "}",
  "a {",
  "a { b }",
  "a; }",
  "a b\\",
  `a ${long(4096)};`,
  `a "${long(4096)}";`,
  `a "${"é".repeat(2048)}";`,
];

describe("tokenize()", () => {
  for (const [text, read] of oddCases) {
    it(`reads ${JSON.stringify(text.slice(0, 60))}`, () => assert.deepEqual(plain(tokenize(text).directives), read));
  }

  for (const text of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => assert.throws(() => tokenize(text), SyntaxError));
  }

  it("knows the line of each directive, after words of several lines too", () => {
    const lines = tokenize('a;\n# b\nc "d\ne";\nf {\n  g\\\n;\n}\nh;').directives.map(({ line }) => line);
    assert.deepEqual(lines, [1, 3, 5, 9]);
  });

  it("keeps the comments", () => {
    assert.deepEqual(tokenize("# one\na; #two\nb '#not';").comments, [" one", "two"]);
  });

  for (const name of goldenCases()) {
    it(`reads every directive of golden case ${name}`, () => {
      const text = readGolden(name, "default.conf");
      const count = (directives: readonly Directive[]): number =>
        directives.reduce((sum, { block }) => sum + 1 + count(block ?? []), 0);
      // In the goldens, no quoted word holds a brace or a semicolon before the end of its line but a header's value.
      const wanted = text
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .reduce((sum, line) => sum + (line.replaceAll(/'[^']*'|"[^"]*"/g, "x").match(/[;{]/g)?.length ?? 0), 0);
      assert.equal(count(tokenize(text).directives), wanted);
    });
  }
});

for (const nginx of nginxBinaries) {
  describe(`tokenize() and nginx ${nginx.version}`, () => {
    /** Words in the form that a file holds, without a variable. */
    const words: readonly string[] = [
      "plain",
      "b#c",
      '"b;c{d}e#f g"',
      `'b"c'`,
      `"d'e"`,
      '"b\\"c"',
      '"b\\\\"',
      "b\\;c",
      "b\\ c",
      "b\\tc\\nd\\re",
      "b\\.c\\k<d>",
      'b"c"',
      "b}c",
      '"b\nc"',
      long(4095),
    ];

    it("agree on what a word is", async () => {
      const port = await freePort();
      const locations = words.map((word, index) => `location = /${index} { return 200 ${word}; }`).join("\n");
      const text = `server { listen 127.0.0.1:${port};\n${locations}\n}`;
      const server = await startNginx(nginx, text, port);
      try {
        const block = tokenize(text).directives[0]?.block ?? [];
        for (const { args, block: answers } of block.filter(({ name }) => name === "location")) {
          const { body } = await get({ port, host: "x", path: args[1] ?? "" });
          assert.equal(body, answers?.[0]?.args[1]);
        }
      } finally {
        await server.stop();
      }
    });

    it("agree on what is no configuration", async () => {
      // Each stands alone in `http`; `types` takes any words, so only the form can be wrong.
      for (const text of refused.filter((one) => one !== "}" && one !== "a; }")) {
        const { code, stderr } = await testConfiguration(nginx, `types {\n${text}`);
        assert.equal(code, 1, text.slice(0, 60));
        assert.match(stderr, /unexpected|too long parameter|invalid number of arguments/, text.slice(0, 60));
      }
    });
  });
}
