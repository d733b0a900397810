import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamLine } from "../../src/kube/client.ts";
import { createLineSplitter } from "../../src/kube/line-splitter.ts";

/** Pushes chunks a millisecond apart, from 1. */
const split = (chunks: readonly Buffer[], maxLineBytes = 100) => {
  const splitter = createLineSplitter(maxLineBytes);
  const lines: StreamLine[] = [];
  const fits = chunks.map((chunk, index) =>
    splitter.push(chunk, index + 1, (line) => {
      lines.push(line);
      return true;
    }),
  );
  return { splitter, lines, fits };
};

describe("createLineSplitter()", () => {
  it("gives the same lines however the bytes are cut, also inside a character", () => {
    const bytes = Buffer.from('{"a":"é€😀"}\n\n{"b":2}\n{"c"');
    for (let at = 0; at <= bytes.length; at += 1) {
      const { lines, splitter } = split([bytes.subarray(0, at), bytes.subarray(at)]);
      assert.deepEqual(
        lines.map(({ text }) => text),
        ['{"a":"é€😀"}', '{"b":2}'],
      );
      assert.equal(splitter.pendingBytes, 4);
    }
    const single = split([...bytes].map((byte) => Buffer.of(byte)));
    assert.equal(single.lines.length, 2);
  });

  it("a line's time is that of its first byte", () => {
    const { lines } = split(["ab", "c\nd", "\n", "\ne", "\n"].map((text) => Buffer.from(text)));
    assert.deepEqual(
      lines.map(({ text, seenAtMs }) => [text, seenAtMs]),
      [
        ["abc", 1],
        ["d", 2],
        ["e", 4],
      ],
    );
  });

  it("refuses a line over its cap, whole or not, and takes one at it", () => {
    assert.deepEqual(split([Buffer.from("12345\n"), Buffer.from("123456\n")], 5).fits, [true, false]);
    assert.deepEqual(split([Buffer.from("123"), Buffer.from("45"), Buffer.from("6")], 5).fits, [true, true, false]);
  });

  it("stops in a chunk when told to", () => {
    const splitter = createLineSplitter(10);
    const taken: string[] = [];
    splitter.push(Buffer.from("a\nb\nc\n"), 0, ({ text }) => {
      taken.push(text);
      return text !== "b";
    });
    assert.deepEqual(taken, ["a", "b"]);
  });
});
