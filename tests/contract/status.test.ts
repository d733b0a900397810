import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseStatus, type ReloaderStatus, statusMaxBytes } from "../../src/contract/status.ts";

const hash = "a".repeat(64);
const status: ReloaderStatus = {
  version: 1,
  files: { "default.conf": hash },
  wanted: hash,
  live: null,
  liveFiles: {},
  refusedBy: "nginx",
  state: "rejected",
  message: "unknown directive",
  at: { file: "default.conf", line: 42 },
  testedMs: 10,
  firstMs: null,
  settledMs: null,
  attempts: 1,
  since: "2026-01-01T00:00:00.000Z",
};
const parse = (change: object): ReloaderStatus | null => parseStatus(JSON.stringify({ ...status, ...change }));

describe("parseStatus()", () => {
  it("gives back what was written", () => {
    const given = { ...status, liveFiles: { "default.conf": hash, "other.conf": hash } };
    const parsed = parse(given);
    assert.deepEqual({ ...parsed, files: { ...parsed?.files }, liveFiles: { ...parsed?.liveFiles } }, given);
  });

  it("refuses what is no status", () => {
    for (const text of ["", "{", "null", "[]", "1", '"x"', "{}", " ".repeat(statusMaxBytes + 1)]) {
      assert.equal(parseStatus(text), null, text.slice(0, 20));
    }
  });

  it("refuses another version and every field of another type", () => {
    const bad: readonly object[] = [
      { version: 2 },
      { files: [] },
      { files: { "../etc/passwd": hash } },
      { files: { "default.conf": "short" } },
      { liveFiles: { "default.conf": "short" } },
      { liveFiles: null },
      { refusedBy: "somebody" },
      { wanted: "x" },
      { live: 1 },
      { state: "fine" },
      { message: null },
      { message: "x".repeat(4097) },
      { at: { file: "a/b", line: 1 } },
      { at: { file: "default.conf", line: 0 } },
      { testedMs: -1 },
      { testedMs: "1" },
      { attempts: 1.5 },
      { since: "yesterday" },
    ];
    for (const change of bad) assert.equal(parse(change), null, JSON.stringify(change).slice(0, 60));
  });

  it("is not moved by names that JavaScript knows", () => {
    const text = JSON.stringify(status).replace('"files":{', `"files":{"__proto__":"${hash}",`);
    assert.deepEqual(Object.keys(parseStatus(text)?.files ?? {}).sort(), ["__proto__", "default.conf"]);
    assert.equal(({} as Record<string, unknown>)["default.conf"], undefined);
  });
});
