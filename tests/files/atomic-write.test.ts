import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { removeStaleTemporaries, writeFileAtomic } from "../../src/files/atomic-write.ts";

const scratch = await mkdtemp(join(tmpdir(), "hotroute-files-"));
after(() => rm(scratch, { recursive: true, force: true }));
const newFolder = (): Promise<string> => mkdtemp(join(scratch, "case-"));

describe("writeFileAtomic()", () => {
  it("replaces the file by another, and leaves no temporary", async () => {
    const folder = await newFolder();
    const path = join(folder, "default.conf");
    await writeFileAtomic(path, "one");
    const first = await stat(path);
    await writeFileAtomic(path, "two");
    assert.equal(await readFile(path, "utf8"), "two");
    assert.notEqual((await stat(path)).ino, first.ino);
    assert.deepEqual(await readdir(folder), ["default.conf"]);
  });

  it("a reader never sees a part", async () => {
    const path = join(await newFolder(), "default.conf");
    const texts = ["a", "b"].map((letter) => letter.repeat(200_000));
    await writeFileAtomic(path, texts[0] ?? "");
    let isWriting = true;
    const writing = (async () => {
      for (let count = 0; count < 50; count += 1) await writeFileAtomic(path, texts[count % 2] ?? "");
      isWriting = false;
    })();
    let reads = 0;
    while (isWriting) {
      assert.ok(texts.includes(await readFile(path, "utf8")));
      reads += 1;
    }
    await writing;
    assert.ok(reads > 0);
  });

  it("writes pieces one after the other, more than the kernel takes at once, and empty ones", async () => {
    const path = join(await newFolder(), "default.conf");
    const pieces = Array.from({ length: 5000 }, (_, index) => Buffer.from(index % 7 === 0 ? "" : `piece ${index}\n`));
    await writeFileAtomic(path, pieces);
    assert.ok((await readFile(path)).equals(Buffer.concat(pieces)));
    await writeFileAtomic(path, []);
    assert.equal((await stat(path)).size, 0);
  });

  it("leaves the old file and no temporary where the write fails", async () => {
    const folder = await newFolder();
    const path = join(folder, "default.conf");
    await mkdir(path);
    await assert.rejects(writeFileAtomic(path, "x"), { code: "EISDIR" });
    assert.deepEqual(await readdir(folder), ["default.conf"]);
    await assert.rejects(writeFileAtomic(join(folder, "absent", "x"), "x"), { code: "ENOENT" });
  });

  it("does not write through a link that somebody laid where the temporary goes", async () => {
    const folder = await newFolder();
    const victim = join(folder, "victim");
    await writeFile(victim, "untouched");
    await symlink(victim, join(folder, `.default.conf.${process.pid}.tmp`));
    await assert.rejects(writeFileAtomic(join(folder, "default.conf"), "x"), { code: "ELOOP" });
    assert.equal(await readFile(victim, "utf8"), "untouched");
    await writeFileAtomic(join(folder, "default.conf"), "y");
    assert.equal(await readFile(join(folder, "default.conf"), "utf8"), "y");
  });
});

describe("removeStaleTemporaries()", () => {
  it("removes what killed writers of this file left, and nothing else", async () => {
    const folder = await newFolder();
    for (const name of [".default.conf.12.tmp", ".other.conf.12.tmp", ".default.conf.x.tmp", "default.conf"]) {
      await writeFile(join(folder, name), "");
    }
    await removeStaleTemporaries(join(folder, "default.conf"));
    assert.deepEqual((await readdir(folder)).sort(), [".default.conf.x.tmp", ".other.conf.12.tmp", "default.conf"]);
  });
});
