import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createListener, isTelling, watchConfig } from "../../src/reloader/watch.ts";
import { waitFor } from "../support/wait.ts";

describe("watchConfig()", () => {
  it("tells of files and of a ConfigMap's links, not of what is hidden", () => {
    for (const path of ["default.conf", "/etc/nginx/conf.d/default.conf", "..data", "..2026_11_21", null, ""]) {
      assert.equal(isTelling(path), true, String(path));
    }
    for (const path of [".default.conf.12.tmp", "/etc/nginx/conf.d/.default.conf.12.tmp", ".services.jsonl"]) {
      assert.equal(isTelling(path), false, path);
    }
  });

  it("tells of the rename, not of the temporary file before it", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-watch-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    let events = 0;
    const failures: unknown[] = [];
    const watch = watchConfig(
      folder,
      null,
      () => {
        events += 1;
      },
      (error) => void failures.push(error),
    );
    t.after(() => watch.close());
    // Until the watch stands nothing is told.
    await waitFor("the watch", async () => {
      await writeFile(join(folder, "first.conf"), String(Math.random()));
      return events > 0;
    });
    await writeFile(join(folder, "marker.conf"), "1");
    const temporary = join(folder, ".default.conf.1.tmp");
    for (let write = 0; write < 200; write += 1) await writeFile(temporary, String(write));
    const before = events;
    await rename(temporary, join(folder, "default.conf"));
    await waitFor("the rename", () => events > before);
    // The kernel tells in order: all of the temporary file's events have come by now.
    assert.ok(events < 100, `${events} events`);
    assert.deepEqual(failures, []);
  });
});

describe("createListener()", () => {
  it("takes chokidar's echo of an event for none, once and soon after it", () => {
    const { raw, all } = createListener();
    assert.equal(raw("default.conf", 0), true);
    assert.equal(all("/etc/nginx/conf.d/default.conf", 5), false);
    assert.equal(all("/etc/nginx/conf.d/default.conf", 6), true, "nothing of the kernel's lies before it");
    assert.equal(raw("default.conf", 10), true);
    assert.equal(raw("default.conf", 11), true, "each of the kernel's is a change");
    assert.equal(all("/etc/nginx/conf.d/default.conf", 5000), true, "long after");
  });

  it("listens to what the kernel did not name", () => {
    const { raw, all } = createListener();
    assert.equal(raw(null, 0), true);
    assert.equal(raw("..data", 0), true);
    assert.equal(all("/etc/nginx/conf.d/default.conf", 1), true);
    assert.equal(raw(".hidden", 2), false);
    assert.equal(all("/etc/nginx/conf.d/.hidden", 3), false);
  });
});
