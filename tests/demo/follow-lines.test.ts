import assert from "node:assert/strict";
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { followLines } from "../../src/demo/follow-lines.ts";
import { wrap } from "../../src/demo/wrap.ts";
import { waitFor } from "../support/wait.ts";

const follow = async (
  test: (options: { readonly path: string; readonly lines: readonly string[]; stop(): Promise<void> }) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "hotroute-follow-lines-"));
  const path = join(folder, "log");
  writeFileSync(path, "");
  const fd = openSync(path, "r");
  const lines: string[] = [];
  const follower = followLines(fd, path, (line) => void lines.push(line));
  try {
    await test({ path, lines, stop: follower.stop });
  } finally {
    await follower.stop();
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
};

describe("followLines()", () => {
  it("gives lines as they are written, and no half characters", () =>
    follow(async ({ path, lines, stop }) => {
      appendFileSync(path, "first\n");
      await waitFor("the first line", () => lines.length === 1);
      const euro = Buffer.from("5 €\nlast");
      appendFileSync(path, euro.subarray(0, 3));
      appendFileSync(path, euro.subarray(3));
      await waitFor("the second line", () => lines.length === 2);
      await stop();
      assert.deepEqual(lines, ["first", "5 €", "last"]);
    }));

  it("no character is split between two reads", () =>
    follow(async ({ path, lines, stop }) => {
      // 65,536 bytes are read at once: of three bytes each, a character lies across that border.
      const text = `${"€".repeat(30_000)}`;
      appendFileSync(path, `${text}\n`);
      await stop();
      assert.equal(lines.join(""), text);
    }));

  it("a line without end comes in parts, and a removed file ends nothing", () =>
    follow(async ({ path, lines, stop }) => {
      appendFileSync(path, "x".repeat(300_000));
      rmSync(path);
      await stop();
      assert.equal(lines.join("").length, 300_000);
      assert.ok(lines.length > 1 && lines.every((line) => line.length <= 131_072));
    }));
});

describe("wrap()", () => {
  it("fills lines up to the width, and leaves a longer word whole", () => {
    assert.deepEqual(wrap(["aa", "bb", "cccccccc", "d"], 5), ["aa bb", "cccccccc", "d"]);
    assert.deepEqual(wrap([], 5), []);
  });
});
