import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plotGrowth } from "../../bench/growth-plot.ts";
import { excessOverLinear } from "../../bench/linear.ts";
import { markdownTable, number, ratio, row, spread } from "../../bench/row.ts";
import { median, percentile } from "../../bench/statistics.ts";

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => count - index);

describe("the benchmark's figures", () => {
  it("median() takes the middle, or the mean of the two in the middle", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 2, 9]), 3);
    assert.ok(Number.isNaN(median([])));
  });

  it("percentile() gives a value that was measured, by the nearest rank", () => {
    assert.equal(percentile(upTo(100), 99), 99);
    assert.equal(percentile(upTo(100), 5), 5);
    assert.equal(percentile(upTo(30), 99), 30);
    assert.equal(percentile([7], 5), 7);
  });

  it("excessOverLinear() is 1 for a straight line with a fixed part, and more for a curve that bends up", () => {
    const points = (at: (services: number) => number) =>
      [1, 1000, 5000, 50_000].map((services) => ({ services, value: at(services) }));
    assert.ok(
      Math.abs(
        excessOverLinear(
          points((services) => 40 + services / 10),
          5000,
        ) - 1,
      ) < 1e-9,
    );
    assert.ok(
      excessOverLinear(
        points((services) => services ** 2),
        5000,
      ) > 9,
    );
    assert.ok(excessOverLinear(points(Math.sqrt), 5000) < 1);
    assert.ok(Number.isNaN(excessOverLinear(points(Math.sqrt), 2000)));
  });

  it("number(), spread() and ratio() round to what counts", () => {
    assert.deepEqual([1234.5, 99.96, 9.876, 3, Number.NaN].map(number), ["1,235", "100.0", "9.88", "3", "–"]);
    assert.equal(spread([10.04, 20, 30], "ms"), "20 ms (10.0–30)");
    assert.equal(spread([12], "MB"), "12 MB");
    assert.equal(spread([], "ms"), "–");
    assert.equal(ratio(3, 4), "0.75");
    assert.equal(ratio(3, 0), "");
  });

  it("markdownTable() keeps a row on its line, and says what was not met", () => {
    const table = markdownTable([
      row({ what: "a | b", at: "10", measured: "1", reach: "≤ 0", isMet: false }),
      row({ what: "c", at: "10", measured: "1" }),
    ]);
    const lines = table.trimEnd().split("\n");
    assert.equal(lines.length, 4);
    assert.match(lines[2] ?? "", /^\| a \\\| b \|.*\| \*\*no\*\* \|$/);
    assert.match(lines[3] ?? "", /\| {2}\|$/);
  });

  it("plotGrowth() draws a panel for each curve, with every point inside of it", () => {
    const points = [1, 1000, 50_000].map((services) => ({ services, value: 5 + services ** 1.2 / 100 }));
    const curves = ["a < b", "c"].map((title) => ({ title, unit: "ms", points }));
    const svg = plotGrowth(curves, 1000);
    assert.equal(svg.match(/<g /g)?.length, 2);
    assert.match(svg, /a &lt; b/);
    const circles = [...svg.matchAll(/<circle cx="([\d.-]+)" cy="([\d.-]+)"/g)];
    assert.equal(circles.length, 6);
    for (const [, x, y] of circles) {
      assert.ok(Number(x) >= 0 && Number(x) <= 360, `x ${x}`);
      assert.ok(Number(y) >= 0 && Number(y) <= 220, `y ${y}`);
    }
    assert.doesNotMatch(svg, /NaN/);
  });
});
