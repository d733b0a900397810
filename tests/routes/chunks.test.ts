import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Chunker, createChunker } from "../../src/routes/chunks.ts";
import { differenceOf } from "../../src/routes/difference.ts";
import { compareText } from "../../src/routes/service.ts";
import { editSorted } from "../../src/routes/sorted.ts";
import { createRandom } from "../apiserver/random.ts";

interface Element {
  readonly name: string;
}
const elements = (count: number): readonly Element[] =>
  Array.from({ length: count }, (_, index) => ({ name: String(index) }));
const newOf = (chunk: Chunker<Element>, before: readonly (readonly Element[])[], list: readonly Element[]) => {
  const chunks = chunk(list);
  assert.deepEqual(chunks.flat(), list);
  return chunks.filter((made) => !before.includes(made));
};

describe("createChunker()", () => {
  it("keeps all chunks but those around a change", () => {
    const list = elements(10_000);
    const chunk = createChunker<Element>();
    const chunks = chunk(list);
    assert.equal(newOf(chunk, chunks, [...list]).length, 0);
    const other = { name: "other" };
    for (const index of [0, 31, 32, 5000, 9999]) {
      for (const changed of [list.with(index, other), list.toSpliced(index, 0, other), list.toSpliced(index, 1)]) {
        chunk(list);
        const kept = chunk(list);
        assert.ok(newOf(chunk, kept, changed).length <= 2, `at ${index}, ${changed.length} elements`);
      }
    }
  });

  it("neither crumbles nor grows with the changes", () => {
    const random = createRandom(20261121);
    const chunk = createChunker<Element>();
    let list = elements(2000);
    let before = chunk(list);
    for (let change = 0; change < 3000; change += 1) {
      const index = random.below(list.length);
      const name = `new ${change}`;
      list = random.chance(0.5) ? list.toSpliced(index, 0, { name }) : list.toSpliced(index, 1);
      assert.ok(newOf(chunk, before, list).length <= 4, `change ${change}`);
      before = chunk(list);
      assert.ok(before.every(({ length }) => length <= 128));
      assert.ok(before.length < list.length / 10, `${before.length} chunks of ${list.length} elements`);
    }
  });

  it("takes a list that holds elements twice, and any order", () => {
    const list = elements(200);
    const chunk = createChunker<Element>();
    for (const next of [list, [...list, ...list], list.toReversed(), [], [...list, ...list, ...list], list]) {
      const chunks = chunk(next);
      assert.deepEqual(chunks.flat(), next);
      assert.equal(new Set(chunks).size, chunks.length);
    }
  });
});

describe("differenceOf()", () => {
  it("says what came and went, however often it is there", () => {
    const [a, b, c] = ["a", "b", "c"];
    const kept = [a, b];
    const { gone, come } = differenceOf([kept, [a, a, b]], [[c, a], kept, [c]]);
    assert.deepEqual([...gone].sort(), [a, b]);
    assert.deepEqual([...come].sort(), [c, c]);
  });
});

describe("editSorted()", () => {
  it("gives what sorting anew would give, and leaves the list as it was", () => {
    const random = createRandom(20261121);
    for (let round = 0; round < 500; round += 1) {
      const all = [...new Set(Array.from({ length: 1 + random.below(40) }, () => String(random.below(60))))];
      const list = all.filter(() => random.chance(0.6)).sort(compareText);
      const gone = list.filter(() => random.chance(0.3));
      const come = [...all.filter((name) => !list.includes(name) && random.chance(0.5)), ...gone.slice(0, 2)];
      const before = [...list];
      const wanted = [...list.filter((name) => !gone.includes(name)), ...come].sort(compareText);
      assert.deepEqual(editSorted(list, gone, come, compareText), wanted);
      assert.deepEqual(list, before);
    }
  });
});
