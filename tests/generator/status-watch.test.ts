import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ReloaderStatus } from "../../src/contract/status.ts";
import { watchStatus } from "../../src/generator/status-watch.ts";
import { waitFor } from "../support/wait.ts";

const status: ReloaderStatus = {
  version: 1,
  files: {},
  wanted: null,
  live: null,
  liveFiles: {},
  refusedBy: null,
  state: "pending",
  message: "starting",
  at: null,
  testedMs: null,
  firstMs: null,
  settledMs: null,
  attempts: 0,
  since: "2026-01-01T00:00:00Z",
};

/** Watches a folder, runs the test, and gives what was told. */
const watching = async (
  test: (parts: {
    readonly runDir: string;
    readonly told: readonly string[];
    readonly write: () => Promise<void>;
  }) => Promise<void>,
  { isThere }: { readonly isThere: boolean },
): Promise<void> => {
  const runDir = await mkdtemp(join(tmpdir(), "hotroute-status-"));
  const write = async (): Promise<void> => {
    await writeFile(join(runDir, ".status.tmp"), JSON.stringify(status));
    await rename(join(runDir, ".status.tmp"), join(runDir, "status.json"));
  };
  if (isThere) await write();
  const told: string[] = [];
  const watch = watchStatus(runDir, 10, {
    onStatus: ({ state }) => told.push(state),
    onMissing: (path) => told.push(`missing ${path}`),
  });
  try {
    await test({ runDir, told, write });
  } finally {
    await watch.close();
    await rm(runDir, { recursive: true, force: true });
  }
};

describe("watchStatus()", () => {
  it("says once that there is no status, and follows one that comes later", () =>
    watching(
      async ({ runDir, told, write }) => {
        await waitFor("it to be missed", () => told.length > 0);
        await write();
        await waitFor("the status", () => told.length > 1);
        assert.deepEqual(told, [`missing ${join(runDir, "status.json")}`, "pending"]);
      },
      { isThere: false },
    ));

  it("misses nothing where the reloader has written one", () =>
    watching(
      async ({ runDir, told }) => {
        await waitFor("the status", () => told.length > 0);
        // The reloader is away, and its last status with it: that is not what is meant.
        await rm(join(runDir, "status.json"));
        const started = performance.now();
        await waitFor("more comparisons than it waits for", () => performance.now() - started > 300);
        assert.deepEqual(told, ["pending"]);
      },
      { isThere: true },
    ));
});
