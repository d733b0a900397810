import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { writeFileAtomic } from "../../src/files/atomic-write.ts";

describe("writeFileAtomic()", () => {
  it("row 20: on a volume that is full the old file stands, whole, nothing else is left, and it works again", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "hotroute-full-"));
    try {
      const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
      if (mount.status !== 0) return t.skip("this user cannot mount a small volume");
      const path = join(folder, "default.conf");
      const old = "# old\n".repeat(2_000);
      await writeFileAtomic(path, old);
      const filler = join(folder, "filler");
      await assert.rejects(writeFile(filler, Buffer.alloc(1024 * 1024)), { code: "ENOSPC" });
      for (const content of ["# new\n".repeat(2_000), Array.from({ length: 2_000 }, () => Buffer.from("# new\n"))]) {
        await assert.rejects(writeFileAtomic(path, content), { code: "ENOSPC" });
        assert.equal(await readFile(path, "utf8"), old);
      }
      assert.deepEqual((await readdir(folder)).sort(), ["default.conf", "filler"]);
      await rm(filler);
      await writeFileAtomic(path, "# new\n");
      assert.equal(await readFile(path, "utf8"), "# new\n");
    } finally {
      spawnSync("umount", ["-l", folder]);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
