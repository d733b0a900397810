import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseStatus, type ReloaderStatus } from "../../src/contract/status.ts";
import { createStatusFile } from "../../src/reloader/status-file.ts";

const status = (attempts: number): ReloaderStatus => ({
  version: 1,
  files: {},
  wanted: null,
  live: null,
  liveFiles: {},
  refusedBy: null,
  state: "pending",
  message: "",
  at: null,
  testedMs: null,
  firstMs: null,
  settledMs: null,
  attempts,
  since: "2026-01-01T00:00:00Z",
});

describe("createStatusFile()", () => {
  it("writes the newest status, and says once that it cannot", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-status-"));
    try {
      const path = join(folder, "status.json");
      const attempts = async () => parseStatus(await readFile(path, "utf8"))?.attempts;
      const errors: unknown[] = [];
      const file = createStatusFile(path, (error) => errors.push(error));
      for (let count = 1; count <= 100; count += 1) file.publish(status(count));
      await file.flush();
      assert.equal(await attempts(), 100);
      await rm(path);
      await mkdir(path); // a rename cannot replace it
      for (const count of [101, 102]) {
        file.publish(status(count));
        await file.flush();
      }
      assert.equal(errors.length, 1);
      await rm(path, { recursive: true });
      file.retry();
      await file.flush();
      assert.equal(await attempts(), 102);
      assert.deepEqual(await readdir(folder), ["status.json"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
